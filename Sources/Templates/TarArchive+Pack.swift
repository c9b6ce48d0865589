// SPDX-License-Identifier: Apache-2.0

extension TarArchive {
    /// Packs the entries so that the same tree always gives the same bytes, and so the same hash.
    ///
    /// Entries are sorted by path; owner, group and times are zero. Only the execute bit of the mode counts: files are
    /// `0644` or `0755`, so that a checkout under another umask is the same template.
    ///
    /// - Throws: the errors of ``unpack(_:limits:)``.
    package static func pack(
        _ entries: [ArchiveEntry],
        limits: ArchiveLimits = ArchiveLimits()
    ) throws(ArchiveRefusal) -> [UInt8] {
        var tree = ArchiveTree(limits: limits)
        for entry in entries { try tree.admit(entry) }

        var archive: [UInt8] = []
        for entry in tree.entries.sorted(by: { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }) {
            append(entry, to: &archive)
        }
        archive.append(contentsOf: repeatElement(0, count: 2 * blockSize))
        return archive
    }

    private static func append(_ entry: ArchiveEntry, to archive: inout [UInt8]) {
        var path = entry.path
        var target = ""
        var content: [UInt8] = []
        let mode: Int
        let flag: Character
        switch entry.kind {
        case .file(let bytes): (content, mode, flag) = (bytes, entry.isExecutable ? 0o755 : 0o644, "0")
        case .directory: (path, mode, flag) = (path + "/", 0o755, "5")
        case .symbolicLink(let link): (target, mode, flag) = (link, 0o777, "2")
        }

        var records: [UInt8] = []
        let split = splitName(path)
        if split == nil { records += PaxRecord.write("path", path) }
        if !fits(target, 100) { records += PaxRecord.write("linkpath", target) }
        if !records.isEmpty {
            append(header(name: "pax-header", mode: 0o644, size: records.count, flag: "x"), records, to: &archive)
        }
        // When there is a record, the header's own fields are only for readers that do not know pax.
        let (prefix, name) = split ?? ("", asciiTail(path))
        let link = fits(target, 100) ? target : asciiTail(target)
        append(
            header(prefix: prefix, name: name, mode: mode, size: content.count, flag: flag, link: link),
            content,
            to: &archive
        )
    }

    private static func append(_ header: [UInt8], _ content: [UInt8], to archive: inout [UInt8]) {
        archive += header
        archive += content
        archive.append(contentsOf: repeatElement(0, count: (blockSize - content.count % blockSize) % blockSize))
    }

    private static func fits(_ text: String, _ length: Int) -> Bool {
        text.utf8.count <= length && text.utf8.allSatisfy { $0 < 0x80 }
    }

    private static func asciiTail(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter(\.isASCII).suffix(100)))
    }

    /// The ustar prefix and name of a path, or `nil` when it does not fit them.
    private static func splitName(_ path: String) -> (prefix: String, name: String)? {
        if fits(path, 100) { return ("", path) }
        for slash in path.utf8.dropLast().indices where path.utf8[slash] == UInt8(ascii: "/") {
            let prefix = String(path[..<slash])
            let name = String(path[path.utf8.index(after: slash)...])
            if fits(prefix, 155), fits(name, 100) { return (prefix, name) }
        }
        return nil
    }

    private static func header(
        prefix: String = "",
        name: String,
        mode: Int,
        size: Int,
        flag: Character,
        link: String = ""
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockSize)
        func put(_ text: String, at offset: Int) {
            block.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
        }
        func octal(_ value: Int, _ width: Int) -> String {
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: width - digits.count) + digits
        }
        put(name, at: 0)
        put(octal(mode, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(size, 11), at: 124)
        put(octal(0, 11), at: 136)
        put("        ", at: 148)
        put(String(flag), at: 156)
        put(link, at: 157)
        put("ustar\u{0}00", at: 257)
        put(prefix, at: 345)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(octal(sum, 6) + "\u{0} ", at: 148)
        return block
    }
}
