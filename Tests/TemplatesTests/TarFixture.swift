// SPDX-License-Identifier: Apache-2.0

/// Archives that no honest tar would write.
struct TarFixture {
    private(set) var bytes: [UInt8] = []

    static func octal(_ value: Int, width: Int) -> String {
        let digits = String(value, radix: 8)
        return String(repeating: "0", count: width - digits.count) + digits
    }

    /// One header and its data, the checksum right unless it is broken afterwards.
    mutating func add(
        _ name: String,
        flag: Character = "0",
        _ content: [UInt8] = [],
        link: String = "",
        mode: Int = 0o644,
        magic: String = "ustar\u{0}00",
        prefix: String = "",
        size: [UInt8]? = nil
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ field: [UInt8], at offset: Int) {
            block.replaceSubrange(offset..<offset + field.count, with: field)
        }
        put(Array(name.utf8), at: 0)
        put(Array(Self.octal(mode, width: 7).utf8), at: 100)
        put(size ?? Array(Self.octal(content.count, width: 11).utf8), at: 124)
        put(Array("        ".utf8), at: 148)
        put(Array(String(flag).utf8), at: 156)
        put(Array(link.utf8), at: 157)
        put(Array(magic.utf8), at: 257)
        put(Array(prefix.utf8), at: 345)
        put(Array(Self.octal(block.reduce(0) { $0 + Int($1) }, width: 6).utf8) + [0, 32], at: 148)
        bytes += block
        bytes += content
        bytes += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    mutating func addPax(_ records: String, flag: Character = "x") {
        add("pax", flag: flag, Array(records.utf8))
    }

    /// The archive with its end mark.
    var ended: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }

    static func single(
        _ name: String,
        flag: Character = "0",
        _ content: [UInt8] = [],
        link: String = "",
        mode: Int = 0o644
    ) -> [UInt8] {
        var fixture = TarFixture()
        fixture.add(name, flag: flag, content, link: link, mode: mode)
        return fixture.ended
    }
}
