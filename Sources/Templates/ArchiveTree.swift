// SPDX-License-Identifier: Apache-2.0

/// The tree of an archive, built entry by entry, and the rules for each entry.
struct ArchiveTree {
    private enum Place {
        /// Index of the file in `entries`.
        case file(Int)
        case directory
        case link
    }

    private let limits: ArchiveLimits
    /// Keyed by the bytes of the path, as file systems compare names. Swift takes the composed and the decomposed `é`
    /// for equal.
    private var places: [[UInt8]: Place] = [:]
    private var totalBytes = 0
    private(set) var entries: [ArchiveEntry] = []

    init(limits: ArchiveLimits) {
        self.limits = limits
    }

    mutating func admit(_ header: TarHeader, data: [UInt8]) throws(ArchiveRefusal) {
        switch header.kind {
        case .file:
            // It is counted before it is copied.
            try count(header.data.count, of: header.path)
            try admit(header.path, header.mode, .file(Array(data[header.data])))
        case .directory:
            try admit(header.path, header.mode, .directory)
        case .symbolicLink:
            try admit(header.path, header.mode, .symbolicLink(target: header.linkTarget))
        case .hardLink:
            let target = try normalized(header.linkTarget, of: header.path, .unsafeLink)
            guard case .file(let index) = places[Array(target.utf8)], case .file(let content) = entries[index].kind
            else {
                throw ArchiveRefusal(
                    .unsafeLink,
                    entry: header.path,
                    "it is a hard link to \(target.debugDescription), which is no file before it in the archive"
                )
            }
            try count(content.count, of: header.path)
            try admit(header.path, entries[index].mode, .file(content))
        }
    }

    /// Checks an entry that is to be packed.
    mutating func admit(_ entry: ArchiveEntry) throws(ArchiveRefusal) {
        if case .file(let content) = entry.kind {
            guard content.count <= limits.entryBytes else {
                throw ArchiveRefusal(
                    .tooLarge,
                    entry: entry.path,
                    "it has \(content.count) bytes; a file may have \(limits.entryBytes)"
                )
            }
            try count(content.count, of: entry.path)
        }
        try admit(entry.path, entry.mode, entry.kind)
    }

    private mutating func admit(_ rawPath: String, _ mode: UInt16, _ kind: ArchiveEntry.Kind) throws(ArchiveRefusal) {
        let path = try normalized(rawPath, of: rawPath, .unsafePath)
        if path.isEmpty {
            guard kind == .directory else {
                throw ArchiveRefusal(.unsafePath, entry: rawPath, "the archive's root can only be a directory")
            }
            return
        }
        guard entries.count < limits.entries else {
            throw ArchiveRefusal(.tooLarge, entry: rawPath, "the archive has more than \(limits.entries) entries")
        }
        try claimParents(of: path, rawPath)
        let key = Array(path.utf8)
        switch (places[key], kind) {
        case (nil, .file): places[key] = .file(entries.count)
        case (nil, .symbolicLink(let target)):
            try check(target: target, of: path)
            places[key] = .link
        case (nil, .directory), (.directory, .directory): places[key] = .directory
        default:
            throw ArchiveRefusal(.conflictingPaths, entry: rawPath, "another entry before it has the same path")
        }
        entries.append(ArchiveEntry(path: path, mode: mode, kind: kind))
    }

    private mutating func count(_ bytes: Int, of entry: String) throws(ArchiveRefusal) {
        totalBytes += bytes
        guard totalBytes <= limits.totalBytes else {
            throw ArchiveRefusal(.tooLarge, entry: entry, "with it the files pass \(limits.totalBytes) bytes")
        }
    }

    /// Every path component before the last must be a directory, explicit or implied, so nothing is ever written
    /// through a link.
    ///
    /// It works upwards from the innermost directory, because the parents of a known directory are known too. Implied
    /// directories count as explicit ones do; otherwise a few long paths would make millions.
    private mutating func claimParents(of path: String, _ rawPath: String) throws(ArchiveRefusal) {
        var rest = path.utf8[...]
        while let slash = rest.lastIndex(of: UInt8(ascii: "/")) {
            rest = rest[..<slash]
            let parent = String(Substring(rest))
            let key = Array(rest)
            switch places[key] {
            case nil:
                guard places.count < limits.entries else {
                    throw ArchiveRefusal(
                        .tooLarge,
                        entry: rawPath,
                        "the archive has more than \(limits.entries) files and directories"
                    )
                }
                places[key] = .directory
            case .directory: return
            case .file, .link:
                throw ArchiveRefusal(
                    .conflictingPaths,
                    entry: rawPath,
                    "\(parent.debugDescription) is a file or a link, so nothing can lie below it"
                )
            }
        }
    }

    /// The path without empty and `.` components; empty for the root itself.
    private func normalized(
        _ path: String,
        of entry: String,
        _ reason: ArchiveRefusal.Reason
    ) throws(ArchiveRefusal) -> String {
        guard !path.isEmpty else { throw ArchiveRefusal(reason, entry: entry, "its path is empty") }
        guard path.utf8.first != UInt8(ascii: "/") else {
            throw ArchiveRefusal(
                reason,
                entry: entry,
                "its path is absolute; pack it relative to the template's directory"
            )
        }
        guard path.utf8.count <= limits.pathBytes else {
            throw ArchiveRefusal(.tooLarge, entry: entry, "its path has more than \(limits.pathBytes) bytes")
        }
        guard path.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw ArchiveRefusal(reason, entry: entry, "its path holds control characters")
        }
        let components = Self.components(path).filter { $0 != "." }
        guard !components.contains("..") else {
            throw ArchiveRefusal(reason, entry: entry, "its path climbs with `..`")
        }
        guard components.allSatisfy({ $0.utf8.count <= 255 }) else {
            throw ArchiveRefusal(.tooLarge, entry: entry, "a name in its path has more than 255 bytes")
        }
        return components.joined(separator: "/")
    }

    /// `..` may only stand at the front of a target. There it climbs directories that are really the link's parents
    /// (see `claimParents`); after a name it would climb from wherever a link of that name leads.
    private func check(target: String, of path: String) throws(ArchiveRefusal) {
        guard !target.isEmpty, target.utf8.first != UInt8(ascii: "/") else {
            throw ArchiveRefusal(.unsafeLink, entry: path, "it links to an absolute or empty path; link relative to it")
        }
        guard target.utf8.count <= limits.pathBytes,
            target.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw ArchiveRefusal(.unsafeLink, entry: path, "its target is too long or holds control characters")
        }
        let steps = Self.components(target).filter { $0 != "." }
        let climbs = steps.prefix { $0 == ".." }.count
        guard climbs < Self.components(path).count else {
            throw ArchiveRefusal(
                .unsafeLink,
                entry: path,
                "it links to \(target.debugDescription), outside of the archive"
            )
        }
        guard !steps.dropFirst(climbs).contains("..") else {
            throw ArchiveRefusal(
                .unsafeLink,
                entry: path,
                "its target \(target.debugDescription) climbs after a name; write `..` only at the front"
            )
        }
    }

    /// Split at the byte, as the file system does it. For Swift, a slash with a combining mark is one character, which
    /// is no slash.
    private static func components(_ path: String) -> [Substring] {
        path.utf8.split(separator: UInt8(ascii: "/")).map(Substring.init)
    }
}
