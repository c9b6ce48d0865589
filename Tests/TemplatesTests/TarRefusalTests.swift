// SPDX-License-Identifier: Apache-2.0

import Templates
import Testing

@Suite struct TarRefusalTests {
    private func refusal(of bytes: [UInt8], limits: ArchiveLimits = ArchiveLimits()) -> ArchiveRefusal? {
        #expect(throws: ArchiveRefusal.self) { try TarArchive.unpack(bytes, limits: limits) }
    }

    @Test(arguments: [
        "/etc/passwd", "../outside", "a/../../outside", "a/..", "..", "",
        // To Swift, a slash and a combining accent are one character; to the file system they are not.
        "../\u{301}outside", "a/../\u{301}b/../../c", "tab\there", "line\nbreak",
    ])
    func `an unsafe path is refused by its name`(_ path: String) {
        let refusal = refusal(of: TarFixture.single(path))
        #expect(refusal?.reason == .unsafePath)
        #expect(refusal?.entry == path)
    }

    @Test(arguments: [
        "/etc/passwd", "../outside", "a/../../outside", "x/..", "", "../\u{301}x", "./../..",
    ])
    func `a link out of the tree is refused by its name`(_ target: String) {
        let refusal = refusal(of: TarFixture.single("link", flag: "2", link: target))
        #expect(refusal?.reason == .unsafeLink)
        #expect(refusal?.entry == "link")
    }

    @Test func `two links that only together lead out are refused`() {
        var fixture = TarFixture()
        fixture.add("x/y/up", flag: "2", link: "../..")
        fixture.add("x/y/out", flag: "2", link: "up/../secret")
        #expect(refusal(of: fixture.ended)?.entry == "x/y/out")
    }

    @Test(arguments: ["missing", "/etc/passwd", "../outside", "directory"])
    func `a hard link to anything but a file before it is refused`(_ target: String) {
        var fixture = TarFixture()
        fixture.add("directory", flag: "5")
        fixture.add("hard", flag: "1", link: target)
        #expect(refusal(of: fixture.ended)?.reason == .unsafeLink)
    }

    @Test(arguments: ["3", "4", "6", "S", "V", "M", "Z"] as [Character])
    func `devices, pipes and unknown kinds are refused by their name`(_ flag: Character) {
        let refusal = refusal(of: TarFixture.single("dev/thing", flag: flag))
        #expect(refusal?.reason == .unsupportedKind)
        #expect(refusal?.entry == "dev/thing")
    }

    @Test func `a sparse file of pax is refused`() {
        var fixture = TarFixture()
        fixture.addPax("22 GNU.sparse.major=1\n")
        fixture.add("sparse", [1])
        #expect(refusal(of: fixture.ended)?.reason == .unsupportedKind)
    }

    @Test(
        arguments: [
            [("a", "0"), ("a", "0")], [("a", "2"), ("a", "0")], [("a", "5"), ("a", "2")], [("a", "0"), ("./a/", "5")],
            [("a", "2"), ("a/b", "0")], [("a", "0"), ("a/b/c", "0")], [("a/b", "0"), ("a", "2")],
        ] as [[(String, Character)]]
    )
    func `two entries for one path, or below a file or link, are refused`(_ entries: [(String, Character)]) {
        var fixture = TarFixture()
        for (path, flag) in entries { fixture.add(path, flag: flag, link: flag == "2" ? "elsewhere" : "") }
        let refusal = refusal(of: fixture.ended)
        #expect(refusal?.reason == .conflictingPaths)
        #expect(refusal?.entry == entries.last?.0)
    }

    @Test func `a directory may be said twice`() throws {
        var fixture = TarFixture()
        fixture.add("a/b", flag: "5")
        fixture.add("a", flag: "5")
        fixture.add("a", flag: "5")
        #expect(try TarArchive.unpack(fixture.ended).map(\.path) == ["a/b", "a", "a"])
    }

    @Test func `an archive cut anywhere is refused`() throws {
        let whole = try TarArchive.pack([.file("a", [1, 2, 3]), .file("b", [UInt8](repeating: 1, count: 600))])
        for length in stride(from: 0, to: whole.count - 1024 + 512, by: 100) {
            #expect(refusal(of: Array(whole.prefix(length)))?.reason == .truncated, "at \(length)")
        }
    }

    @Test func `data hidden behind the end is refused`() {
        var hidden = TarFixture()
        hidden.add("hidden")
        #expect(refusal(of: TarFixture.single("seen") + hidden.ended)?.reason == .malformed)
    }

    @Test func `a damaged header is refused`() throws {
        var archive = TarFixture.single("name")
        archive[3] = UInt8(ascii: "x")
        #expect(refusal(of: archive)?.reason == .malformed)
        #expect(refusal(of: Array("not a tar".utf8) + [UInt8](repeating: 1, count: 1024))?.reason == .malformed)
    }

    @Test(arguments: [
        [UInt8](repeating: 0xff, count: 12), [0x80] + [UInt8](repeating: 0xff, count: 11), Array("7777777777x".utf8),
    ])
    func `a size that is negative, too large to count, or no number is refused`(_ size: [UInt8]) {
        var fixture = TarFixture()
        fixture.add("sized", size: size)
        #expect(refusal(of: fixture.ended)?.reason == .malformed)
    }

    @Test(arguments: [
        "5 a=b\n", "9999 path=x\n", "path=x\n", "8 path=x", "7 pathx\n", "11 size=-1\n", "13 size=many\n",
    ])
    func `pax records that cannot be read are refused`(_ records: String) {
        var fixture = TarFixture()
        fixture.addPax(records)
        fixture.add("file")
        #expect(refusal(of: fixture.ended)?.reason == .malformed)
    }

    @Test func `a global pax path is refused`() {
        var fixture = TarFixture()
        fixture.addPax("16 path=../../x\n", flag: "g")
        fixture.add("file")
        #expect(refusal(of: fixture.ended)?.reason == .malformed)
    }

    @Test func `a directory with data is refused`() {
        #expect(refusal(of: TarFixture.single("directory", flag: "5", [1]))?.reason == .malformed)
    }

    @Test func `each limit refuses the entry that passes it`() {
        var fixture = TarFixture()
        fixture.add("first", [1, 2, 3])
        fixture.add("second", [1, 2, 3])
        let archive = fixture.ended
        #expect(refusal(of: archive, limits: ArchiveLimits(entries: 1))?.entry == "second")
        #expect(refusal(of: archive, limits: ArchiveLimits(totalBytes: 5))?.entry == "second")
        #expect(refusal(of: archive, limits: ArchiveLimits(entryBytes: 2))?.entry == "first")
        #expect(refusal(of: archive, limits: ArchiveLimits(pathBytes: 5))?.entry == "second")
        let name = String(repeating: "n", count: 256)
        #expect(throws: ArchiveRefusal.self) { try TarArchive.pack([.file(name, [])]) }
    }

    @Test func `a hard link counts as much as what it names`() {
        var fixture = TarFixture()
        fixture.add("file", [1, 2, 3])
        fixture.add("again", flag: "1", link: "file")
        #expect(refusal(of: fixture.ended, limits: ArchiveLimits(totalBytes: 5))?.reason == .tooLarge)
    }

    @Test func `what would be refused is not packed`() {
        #expect(throws: ArchiveRefusal.self) { try TarArchive.pack([.file("../a", [])]) }
        #expect(throws: ArchiveRefusal.self) { try TarArchive.pack([.symbolicLink("a", to: "/etc")]) }
        #expect(throws: ArchiveRefusal.self) { try TarArchive.pack([.file("a", []), .file("a", [])]) }
    }

    @Test func `a refusal shows control characters of a name escaped`() {
        let refusal = refusal(of: TarFixture.single("a\u{1b}[31mb"))
        #expect(refusal?.description == #"archive refused: "a\u{1B}[31mb": its path holds control characters"#)
    }
}
