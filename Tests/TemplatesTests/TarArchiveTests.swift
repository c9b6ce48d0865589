// SPDX-License-Identifier: Apache-2.0

import Templates
import Testing

@Suite struct TarArchiveTests {
    private static let long = String(repeating: "directory/", count: 12) + String(repeating: "f", count: 120)

    private static let tree: [ArchiveEntry] = [
        .directory("modules"),
        .file("modules/main.tf", Array("# a module\n".utf8)),
        .file("provision", Array("#!/bin/sh\n".utf8), executable: true),
        .file("empty", []),
        .file("block", [UInt8](repeating: 7, count: 512)),
        .file("größe.txt", [1, 2, 3]),
        .file(long, [9]),
        .symbolicLink("modules/shared", to: "../provision"),
        .symbolicLink("modules/far", to: "../" + long),
    ]

    @Test func `what is packed comes back, sorted by path`() throws {
        let expected = Self.tree.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        #expect(try TarArchive.unpack(TarArchive.pack(Self.tree)) == expected)
    }

    @Test func `equal trees pack to equal bytes, whatever their order and umask`() throws {
        let other = Self.tree.reversed().map { entry in
            ArchiveEntry(path: entry.path, mode: entry.isExecutable ? 0o700 : 0o600, kind: entry.kind)
        }
        #expect(try TarArchive.pack(Self.tree) == TarArchive.pack(other))
    }

    @Test func `the execute bit survives and nothing above the permissions does`() throws {
        let entries = try TarArchive.unpack(TarFixture.single("run", mode: 0o6755))
        #expect(entries == [ArchiveEntry(path: "run", mode: 0o755, kind: .file([]))])
        #expect(entries.first?.isExecutable == true)
    }

    @Test func `paths are normalised and the root itself is left out`() throws {
        var fixture = TarFixture()
        fixture.add("./", flag: "5")
        fixture.add("./a//./b/", flag: "5")
        fixture.add("./a/b/c", [1])
        #expect(
            try TarArchive.unpack(fixture.ended) == [
                ArchiveEntry(path: "a/b", mode: 0o644, kind: .directory),
                ArchiveEntry(path: "a/b/c", mode: 0o644, kind: .file([1])),
            ]
        )
    }

    @Test func `an old tar's directory, a base 256 size and a GNU long name are understood`() throws {
        var fixture = TarFixture()
        fixture.add("old/", magic: "")
        fixture.add("sized", [1, 2], size: [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2])
        fixture.add("././@LongLink", flag: "L", Array(Self.long.utf8) + [0], magic: "ustar  ")
        fixture.add(String(Self.long.prefix(100)), [5], magic: "ustar  ")
        fixture.add("././@LongLink", flag: "K", Array(Self.long.utf8) + [0], magic: "ustar  ")
        fixture.add("link", flag: "2", link: "cut")
        #expect(
            try TarArchive.unpack(fixture.ended) == [
                ArchiveEntry(path: "old", mode: 0o644, kind: .directory),
                ArchiveEntry(path: "sized", mode: 0o644, kind: .file([1, 2])),
                ArchiveEntry(path: Self.long, mode: 0o644, kind: .file([5])),
                ArchiveEntry(path: "link", mode: 0o644, kind: .symbolicLink(target: Self.long)),
            ]
        )
    }

    @Test func `the prefix field is part of the name in POSIX archives alone`() throws {
        var fixture = TarFixture()
        fixture.add("file", [], prefix: "posix")
        fixture.add("gnu", [], magic: "ustar  ", prefix: "12345670123")
        #expect(try TarArchive.unpack(fixture.ended).map(\.path) == ["posix/file", "gnu"])
    }

    @Test func `pax records override the header and global comments are passed over`() throws {
        var fixture = TarFixture()
        fixture.addPax("52 comment=0123456789012345678901234567890123456789\n", flag: "g")
        fixture.addPax("19 path=renamed/é\n20 mtime=1700000000\n")
        fixture.add("short", [4])
        fixture.add("next", [])
        #expect(try TarArchive.unpack(fixture.ended).map(\.path) == ["renamed/é", "next"])
    }

    @Test func `a hard link becomes a file of its own`() throws {
        var fixture = TarFixture()
        fixture.add("first", [1, 2], mode: 0o755)
        fixture.add("second", flag: "1", link: "./first")
        #expect(
            try TarArchive.unpack(fixture.ended) == [
                .file("first", [1, 2], executable: true), .file("second", [1, 2], executable: true),
            ]
        )
    }

    @Test(
        arguments: [
            ([0x1f, 0x8b, 8, 0], .gzip), ([0x28, 0xb5, 0x2f, 0xfd, 0], .zstd), (Array("BZh9".utf8), .bzip2),
            ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], .xz), ([0x1f], nil), ([], nil),
        ] as [([UInt8], ArchiveCompression?)]
    )
    func `compression is told by the first bytes`(_ bytes: [UInt8], _ expected: ArchiveCompression?) {
        #expect(TarArchive.compression(of: bytes) == expected)
    }

    @Test func `a compressed archive is refused by the name of its compression`() {
        let refusal = #expect(throws: ArchiveRefusal.self) { try TarArchive.unpack([0x1f, 0x8b, 8, 0]) }
        #expect(refusal?.reason == .compressed(.gzip))
    }

    @Test func `an empty archive unpacks to nothing`() throws {
        #expect(try TarArchive.unpack(TarArchive.pack([])) == [])
    }
}
