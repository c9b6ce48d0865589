// SPDX-License-Identifier: Apache-2.0

/// Reads and writes template archives: tar in memory. Equal trees give equal bytes, and no archive can name a place
/// outside of the directory that it is unpacked into. Decision 12 says why it is written here
/// (Documentation/Decisions/0012-tar-reader.md).
package enum TarArchive {
    static let blockSize = 512

    /// How the bytes are compressed, judged by their first bytes; `nil` for plain tar and for anything unknown.
    package static func compression(of bytes: [UInt8]) -> ArchiveCompression? {
        ArchiveCompression.allCases.first { bytes.starts(with: $0.signature) }
    }

    /// Reads a tar archive: ustar, pax, GNU long names, and what older tars write.
    ///
    /// The entries come in the archive's order, with normalised paths, and can be written one after the other:
    /// no path is absolute, climbs with `..`, comes twice, or lies below a file or a link; symbolic links stay inside;
    /// hard links become files of their own.
    ///
    /// - Throws: ``ArchiveRefusal`` for the first violation; nothing of such an archive is returned.
    package static func unpack(
        _ bytes: [UInt8],
        limits: ArchiveLimits = ArchiveLimits()
    ) throws(ArchiveRefusal) -> [ArchiveEntry] {
        if let compression = compression(of: bytes) {
            throw ArchiveRefusal(
                .compressed(compression),
                "it is compressed with \(compression); decompress it first, or send plain tar"
            )
        }
        var reader = TarReader(bytes: bytes, limits: limits)
        var tree = ArchiveTree(limits: limits)
        while let header = try reader.next() {
            try tree.admit(header, data: bytes)
        }
        return tree.entries
    }
}

/// Compressions that archives are often sent with.
package enum ArchiveCompression: String, CaseIterable, Hashable, Sendable, CustomStringConvertible {
    case gzip, zstd, xz, bzip2

    /// The magic bytes of such a file (RFC 1952, RFC 8878, the xz and bzip2 formats).
    var signature: [UInt8] {
        switch self {
        case .gzip: [0x1f, 0x8b]
        case .zstd: [0x28, 0xb5, 0x2f, 0xfd]
        case .xz: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]
        case .bzip2: [0x42, 0x5a, 0x68]
        }
    }

    package var description: String { rawValue }
}
