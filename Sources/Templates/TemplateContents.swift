// SPDX-License-Identifier: Apache-2.0

/// Which entries of a directory or archive belong to the template, and which do not.
///
/// Every path that packs a template goes through this type; no other code makes a list of entries to pack.
package struct TemplateContents: Hashable, Sendable {
    package let entries: [ArchiveEntry]
    /// Paths that are left out. A directory is listed once, with a slash at its end.
    package let leftOut: [String]
    /// Paths that are refused: states, plans and credentials.
    package let refused: [String]

    /// Selects among all entries by the `.terraformignore` among them.
    ///
    /// - Throws: when that is not a regular file, or cannot be read.
    package init(_ all: [ArchiveEntry]) throws(TemplateErrors) {
        var filter = try TemplateFilter(file: TemplateManifest.content(of: TemplateFilter.fileName, in: all))
        var kept: [ArchiveEntry] = []
        // As bytes: Swift takes names for equal that file systems distinguish.
        var holders: Set<[UInt8]> = []
        var others: [(entry: ArchiveEntry, verdict: TemplateFilter.Verdict)] = []
        for entry in all {
            let verdict = filter.verdict(on: entry.path, isDirectory: entry.kind == .directory)
            guard verdict == .kept else {
                others.append((entry, verdict))
                continue
            }
            kept.append(entry)
            for parent in Self.parents(of: entry.path) { holders.insert(parent) }
        }
        entries = kept
        var told: [TemplateFilter.Verdict: [[UInt8]]] = [:]
        var known: Set<[UInt8]> = []
        for (entry, verdict) in others where !holders.contains(Array(entry.path.utf8)) {
            // The outermost directory whose content is left out completely.
            let outermost = Self.parents(of: entry.path).first { parent in
                !holders.contains(parent)
                    && filter.verdict(on: String(decoding: parent, as: UTF8.self), isDirectory: true) == verdict
            }
            let slash = outermost != nil || entry.kind == .directory ? Array("/".utf8) : []
            let path = (outermost ?? Array(entry.path.utf8)) + slash
            if known.insert(path).inserted { told[verdict, default: []].append(path) }
        }
        let paths = { (verdict: TemplateFilter.Verdict) in
            (told[verdict] ?? []).sorted { $0.lexicographicallyPrecedes($1) }.map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        leftOut = paths(.leftOut)
        refused = paths(.refused)
    }

    /// The parent directories, from the outermost to the innermost.
    private static func parents(of path: String) -> [[UInt8]] {
        let bytes = Array(path.utf8)
        return bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") }.map { Array(bytes[..<$0]) }
    }

    /// Notes for users: a line for what was left out, and one for what was refused.
    package var notes: [String] {
        var notes: [String] = []
        if !leftOut.isEmpty { notes.append("Left out of the template: \(Self.list(leftOut)).") }
        if !refused.isEmpty {
            notes.append(
                "Refused, and not in the template: \(Self.list(refused)). States, plans and credentials hold secrets, and "
                    + "belong to no template."
            )
        }
        return notes
    }

    /// The number of paths that a note lists.
    private static func list(_ paths: [String]) -> String {
        var shown: [String] = []
        var bytes = 0
        for path in paths.prefix(20) {
            let isPlain = path.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            shown.append(isPlain ? path : path.debugDescription)
            bytes += path.utf8.count
            if bytes > 1_000 { break }
        }
        let more = paths.count - shown.count
        return shown.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }
}

/// Selects while a directory is read, so that files outside of the template are not read at all.
package struct TemplateScreening {
    private var filter: TemplateFilter

    /// - Parameter ignoreFile: The content of the directory's `.terraformignore`; `nil` when there is none.
    package init(ignoreFile: [UInt8]?) throws(TemplateErrors) {
        filter = try TemplateFilter(file: ignoreFile)
    }

    /// The name of the file whose content ``init(ignoreFile:)`` takes: `.terraformignore`.
    package static var ignoreFileName: String { TemplateFilter.fileName }

    /// Whether the file, or the directory itself, is part of the template.
    package mutating func keeps(_ path: String, isDirectory: Bool) -> Bool {
        filter.verdict(on: path, isDirectory: isDirectory) == .kept
    }

    /// Whether a directory may hold a file of the template.
    package mutating func enters(_ directory: String) -> Bool {
        !filter.mayPassOver(directory)
    }
}
