// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import FoundationEssentials
import Templates

/// Reads a template from its author's directory, or from a tar archive of it.
enum TemplateSource {
    /// The entries of the template, in the order of the paths.
    static func contents(at path: String) throws -> TemplateContents {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw CommandError(
                .refused,
                "there is no '\(path)'",
                remedy: "Name a template's directory, or a tar archive of one."
            )
        }
        guard isDirectory else { return try TemplateContents(TarArchive.unpack(file(path))) }
        let ignoreFile = "\(path)/\(TemplateScreening.ignoreFileName)"
        let hasIgnoreFile = FileManager.default.fileExists(atPath: ignoreFile)
        var screening = try TemplateScreening(ignoreFile: hasIgnoreFile ? file(ignoreFile) : nil)
        var entries: [ArchiveEntry] = []
        try read(path, below: "", by: &screening, into: &entries)
        return try TemplateContents(entries)
    }

    /// A file of values that Terraform reads by itself, after the template's own; `nil` when there are none.
    static func valueFile(_ values: [(name: String, value: String)]) -> ArchiveEntry? {
        guard !values.isEmpty else { return nil }
        let members = values.map { name, value -> (String, JSON) in
            switch JSON(literal: value) {
            case .array(let elements)?: (name, .array(elements))
            case .object(let members)?: (name, .object(members))
            default: (name, .string(value))
            }
        }
        let json = JSON.object(Dictionary(members) { _, last in last }).json
        return .file("zz-pushed.auto.tfvars.json", Array(json.utf8))
    }

    /// The name of a template that has no other: its directory's, or its archive's without the extension. `nil` when
    /// nothing of it may be in a name.
    static func name(of path: String) -> String? {
        let last = URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent
        let stem =
            [".tar.gz", ".tgz", ".tar"].first(where: last.hasSuffix).map { String(last.dropLast($0.count)) } ?? last
        let plain = stem.unicodeScalars.map { scalar -> Character in
            let isAllowed = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            return isAllowed || "-_.".unicodeScalars.contains(scalar) ? Character(scalar) : "-"
        }
        let trimmed = String(plain).split(separator: "-").joined(separator: "-").prefix(64)
        let name = trimmed.hasSuffix("-") ? String(trimmed.dropLast()) : String(trimmed)
        return name.isEmpty ? nil : name
    }

    /// All entries. Those outside of the template have only a path.
    private static func read(
        _ directory: String,
        below prefix: String,
        by screening: inout TemplateScreening,
        into entries: inout [ArchiveEntry]
    ) throws {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw CommandError("the directory '\(directory)' cannot be read", remedy: "Check its permissions.")
        }
        for name in names.sorted() {
            let source = "\(directory)/\(name)"
            let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            let attributes = try FileManager.default.attributesOfItem(atPath: source)
            let type = attributes[.type] as? FileAttributeType
            guard screening.keeps(path, isDirectory: type == .typeDirectory) || type == .typeDirectory else {
                entries.append(.file(path, []))
                continue
            }
            switch type {
            case .typeDirectory?:
                entries.append(.directory(path))
                if screening.enters(path) { try read(source, below: path, by: &screening, into: &entries) }
            case .typeSymbolicLink?:
                let target = try FileManager.default.destinationOfSymbolicLink(atPath: source)
                entries.append(.symbolicLink(path, to: target))
            case .typeRegular?:
                let isExecutable = FileManager.default.isExecutableFile(atPath: source)
                entries.append(.file(path, try file(source), executable: isExecutable))
            default:
                throw CommandError(
                    .refused,
                    "'\(source)' is neither a file, a directory nor a link",
                    remedy: "Move it away, or name it in \(TemplateScreening.ignoreFileName)."
                )
            }
        }
    }

    private static func file(_ path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError("the file '\(path)' cannot be read", remedy: "Check its permissions.")
        }
        return Array(data)
    }
}
