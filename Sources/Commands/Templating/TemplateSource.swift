// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Templates

/// Reads a template from where its author keeps it: a directory, or a tar archive of one.
enum TemplateSource {
    /// What tools leave in a module's directory and no worker needs; states may hold secrets.
    private static func isLeftOut(_ name: String) -> Bool {
        [".git", ".terraform", ".DS_Store", "crash.log"].contains(name) || name.hasPrefix("terraform.tfstate")
            || name.hasSuffix(".tfplan")
    }

    /// The entries of a template, in the order of their paths.
    static func entries(at path: String) throws -> [ArchiveEntry] {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw CommandError(
                .refused,
                "there is no '\(path)'",
                remedy: "Name a template's directory, or a tar archive of one."
            )
        }
        guard isDirectory else { return try TarArchive.unpack(contents(of: path)) }
        var entries: [ArchiveEntry] = []
        try read(path, below: "", into: &entries)
        return entries
    }

    private static func read(_ directory: String, below prefix: String, into entries: inout [ArchiveEntry]) throws {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw CommandError("the directory '\(directory)' cannot be read", remedy: "See that you may read it.")
        }
        for name in names.sorted() where !isLeftOut(name) {
            let source = "\(directory)/\(name)"
            let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
            let attributes = try FileManager.default.attributesOfItem(atPath: source)
            switch attributes[.type] as? FileAttributeType {
            case .typeDirectory?:
                entries.append(.directory(path))
                try read(source, below: path, into: &entries)
            case .typeSymbolicLink?:
                let target = try FileManager.default.destinationOfSymbolicLink(atPath: source)
                entries.append(.symbolicLink(path, to: target))
            case .typeRegular?:
                let isExecutable = FileManager.default.isExecutableFile(atPath: source)
                entries.append(.file(path, try contents(of: source), executable: isExecutable))
            default:
                throw CommandError(
                    .refused,
                    "'\(source)' is neither a file, a directory nor a link",
                    remedy: "Move it away."
                )
            }
        }
    }

    private static func contents(of path: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandError("the file '\(path)' cannot be read", remedy: "See that you may read it.")
        }
        return Array(data)
    }
}
