// SPDX-License-Identifier: Apache-2.0

/// Reads the headers of an archive, and merges those that only describe the next entry into it.
struct TarReader {
    /// A limit above any sensible set of pax records and any path.
    private static let maximumDescriptionBytes = 1 << 20

    private let bytes: [UInt8]
    private let limits: ArchiveLimits
    private var offset = 0

    init(bytes: [UInt8], limits: ArchiveLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// The records of the headers before an entry.
    private struct Description {
        var path: String?
        var linkTarget: String?
        var size: Int?
    }

    /// The next entry, or `nil` once the archive's end mark was read.
    mutating func next() throws(ArchiveRefusal) -> TarHeader? {
        var description = Description()
        while true {
            let block = try nextBlock()
            if block.isZero {
                try readEnd()
                return nil
            }
            guard block.isChecksumRight else {
                throw ArchiveRefusal(.malformed, "no tar header at byte \(offset - TarArchive.blockSize)")
            }
            guard let name = block.path, let linkTarget = block.linkTarget else {
                throw ArchiveRefusal(
                    .unsafePath,
                    "the name in the header at byte \(offset - TarArchive.blockSize) is not UTF-8"
                )
            }
            guard let blockSize = block.size, let mode = block.mode else {
                throw ArchiveRefusal(.malformed, entry: name, "its header holds a number that cannot be read")
            }
            switch block.typeFlag {
            case UInt8(ascii: "x"):
                try apply(pax: try takeDescription(blockSize, of: name), of: name, to: &description)
            case UInt8(ascii: "g"):
                var global = Description()
                try apply(pax: try takeDescription(blockSize, of: name), of: name, to: &global)
                guard global.path == nil, global.linkTarget == nil, global.size == nil else {
                    throw ArchiveRefusal(.malformed, entry: name, "one path or size for all entries makes no sense")
                }
            case UInt8(ascii: "L"):
                description.path = try longName(blockSize, of: name)
            case UInt8(ascii: "K"):
                description.linkTarget = try longName(blockSize, of: name)
            case let flag:
                let path = description.path ?? name
                let kind = try kind(flag, path: path)
                let data = try takeData(description.size ?? blockSize, of: path, kind)
                return TarHeader(
                    path: path,
                    kind: kind,
                    mode: UInt16(mode & 0o777),
                    linkTarget: description.linkTarget ?? linkTarget,
                    data: data
                )
            }
        }
    }

    private func kind(_ flag: UInt8, path: String) throws(ArchiveRefusal) -> TarHeader.Kind {
        switch flag {
        case UInt8(ascii: "0"), UInt8(ascii: "7"), 0:
            // Before POSIX, a directory was a file whose name ends in a slash.
            return path.utf8.last == UInt8(ascii: "/") ? .directory : .file
        case UInt8(ascii: "1"): return .hardLink
        case UInt8(ascii: "2"): return .symbolicLink
        case UInt8(ascii: "5"): return .directory
        case UInt8(ascii: "3"), UInt8(ascii: "4"):
            throw ArchiveRefusal(.unsupportedKind, entry: path, "it is a device; templates hold files and directories")
        case UInt8(ascii: "6"):
            throw ArchiveRefusal(
                .unsupportedKind,
                entry: path,
                "it is a named pipe; templates hold files and directories"
            )
        case UInt8(ascii: "S"):
            throw ArchiveRefusal(.unsupportedKind, entry: path, "it is a sparse file; pack it without --sparse")
        default:
            throw ArchiveRefusal(
                .unsupportedKind,
                entry: path,
                "type \(Character(UnicodeScalar(flag)).debugDescription) is not supported; pack it as ustar or pax"
            )
        }
    }

    // MARK: Bytes

    private mutating func nextBlock() throws(ArchiveRefusal) -> TarBlock {
        guard bytes.count - offset >= TarArchive.blockSize else {
            throw ArchiveRefusal(.truncated, "it ends at byte \(bytes.count) without an end mark; it was cut off")
        }
        defer { offset += TarArchive.blockSize }
        return TarBlock(bytes[offset..<offset + TarArchive.blockSize])
    }

    /// Only zeros may follow the end: another tar might find entries there that were not checked.
    private func readEnd() throws(ArchiveRefusal) {
        guard bytes[offset...].allSatisfy({ $0 == 0 }) else {
            throw ArchiveRefusal(.malformed, "there is data after the archive's end")
        }
    }

    private mutating func take(_ size: Int, of entry: String) throws(ArchiveRefusal) -> Range<Int> {
        guard size <= bytes.count - offset else {
            throw ArchiveRefusal(
                .truncated,
                entry: entry,
                "it should have \(size) bytes, and the archive ends after \(bytes.count - offset); it was cut off"
            )
        }
        let range = offset..<offset + size
        let padded = (size + TarArchive.blockSize - 1) / TarArchive.blockSize * TarArchive.blockSize
        offset = min(offset + padded, bytes.count)
        return range
    }

    private mutating func takeData(_ size: Int, of path: String, _ kind: TarHeader.Kind) throws(ArchiveRefusal)
        -> Range<Int>
    {
        guard kind == .file || size == 0 else {
            throw ArchiveRefusal(.malformed, entry: path, "only files have data, and this is none")
        }
        guard size <= limits.entryBytes else {
            throw ArchiveRefusal(.tooLarge, entry: path, "it has \(size) bytes; a file may have \(limits.entryBytes)")
        }
        return try take(size, of: path)
    }

    private mutating func takeDescription(_ size: Int, of entry: String) throws(ArchiveRefusal) -> ArraySlice<UInt8> {
        guard size <= Self.maximumDescriptionBytes else {
            throw ArchiveRefusal(.tooLarge, entry: entry, "its extended header has \(size) bytes")
        }
        return bytes[try take(size, of: entry)]
    }

    private mutating func longName(_ size: Int, of entry: String) throws(ArchiveRefusal) -> String {
        let name = try takeDescription(size, of: entry).prefix { $0 != 0 }
        guard let text = String(validating: name, as: UTF8.self) else {
            throw ArchiveRefusal(.unsafePath, entry: entry, "its long name is not UTF-8")
        }
        return text
    }

    // MARK: Pax

    private func apply(
        pax records: ArraySlice<UInt8>,
        of entry: String,
        to description: inout Description
    ) throws(ArchiveRefusal) {
        for (key, value) in try PaxRecord.read(records, of: entry) {
            switch key {
            case "path": description.path = value
            case "linkpath": description.linkTarget = value
            case "size":
                guard let size = Int(value), size >= 0 else {
                    throw ArchiveRefusal(.malformed, entry: entry, "its extended size is not a number")
                }
                description.size = size
            case _ where key.hasPrefix("GNU.sparse."):
                throw ArchiveRefusal(.unsupportedKind, entry: entry, "it is a sparse file; pack it without --sparse")
            default: break  // Times, owners and comments.
            }
        }
    }
}
