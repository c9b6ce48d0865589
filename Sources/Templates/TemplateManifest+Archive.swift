// SPDX-License-Identifier: Apache-2.0

import Domain

extension TemplateManifest {
    /// Reads a whole template: `stoker.yaml` and the module's variables. Also checks that the program to run exists.
    ///
    /// A module with Coder's blocks needs no `stoker.yaml`.
    ///
    /// - Parameters:
    ///   - name: The name of a template of Coder whose `stoker.yaml` gives none.
    ///   - planned: What a plan says of Coder's blocks; `nil`: they are read from the text of the module.
    ///   - requiresPresets: Whether a template without presets is an error.
    /// - Throws: all errors in all of its files.
    package init(
        entries: [ArchiveEntry],
        name: String? = nil,
        planned: CoderTemplate? = nil,
        requiresPresets: Bool = false,
        timeZoneExists: (String) -> Bool
    ) throws(TemplateErrors) {
        let yaml = try Self.text(of: Self.fileName, in: entries)
        var coder = planned
        if coder == nil { coder = try CoderReader.read(Self.configuration(in: entries)) }
        guard yaml != nil || coder != nil else {
            let other = entries.first { ["stoker.yml", "Stoker.yaml", "stoker.json"].contains($0.path) }
            throw TemplateErrors([
                TemplateError(
                    file: Self.fileName,
                    "a template has this file in its top directory",
                    remedy: other.map { "rename \($0.path)" } ?? "see `stoker schema template` for what it holds"
                )
            ])
        }
        var module: [SourceFile] = []
        var unreadable: [TemplateError] = []
        for entry in entries where TerraformVariables.isSource(entry.path) && entry.kind != .directory {
            do throws(TemplateErrors) {
                module.append(SourceFile(name: entry.path, text: try Self.text(of: entry)))
            } catch {
                unreadable += error.errors
            }
        }
        try self.init(
            yaml: yaml ?? "",
            module: unreadable.isEmpty ? module : nil,
            coder: coder,
            name: name,
            files: TemplateFiles(entries: entries, requiresPresets: requiresPresets, unreadable: unreadable),
            timeZoneExists: timeZoneExists
        )
        if provisioner == .terraform { warnings += TerraformBackends.blocks(in: module).map(\.warning) }
        filesDigest = Self.digest(of: entries)
    }

    /// The configuration of the module and of those in its directories; damaged files are reported elsewhere.
    private static func configuration(in entries: [ArchiveEntry]) -> [SourceFile] {
        entries.compactMap { entry in
            guard
                entry.path.hasSuffix(".tf") || entry.path.hasSuffix(".tf.json")
                    || TerraformVariables.isSource(entry.path),
                case .file(let bytes) = entry.kind,
                let text = String(validating: bytes, as: UTF8.self)
            else { return nil }
            return SourceFile(name: entry.path, text: text)
        }
    }

    private static func text(of path: String, in entries: [ArchiveEntry]) throws(TemplateErrors) -> String? {
        guard let entry = entries.first(where: { $0.path.isSameName(as: path) }) else { return nil }
        return try text(of: entry)
    }

    private static func text(of entry: ArchiveEntry) throws(TemplateErrors) -> String {
        guard let text = String(validating: try content(of: entry), as: UTF8.self) else {
            throw TemplateErrors([TemplateError(file: entry.path, "it is not UTF-8 text")])
        }
        return text
    }

    /// The content of a file of the archive, or `nil` when it has none of that path.
    static func content(of path: String, in entries: [ArchiveEntry]) throws(TemplateErrors) -> [UInt8]? {
        guard let entry = entries.first(where: { $0.path.isSameName(as: path) }) else { return nil }
        return try content(of: entry)
    }

    private static func content(of entry: ArchiveEntry) throws(TemplateErrors) -> [UInt8] {
        guard case .file(let bytes) = entry.kind else {
            throw TemplateErrors([
                TemplateError(
                    file: entry.path,
                    "expected a file, found a link or directory",
                    remedy: "put the file itself there"
                )
            ])
        }
        return bytes
    }
}
