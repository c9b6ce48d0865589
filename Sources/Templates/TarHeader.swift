// SPDX-License-Identifier: Apache-2.0

/// One entry's header, after pax records and GNU long names were applied to it.
struct TarHeader {
    enum Kind {
        case file, directory, symbolicLink, hardLink
    }

    var path: String
    var kind: Kind
    var mode: UInt16
    var linkTarget: String
    /// Where the entry's bytes lie in the archive.
    var data: Range<Int>
}

/// The fields of a 512-byte header block (POSIX.1-2017 `pax`, ustar interchange format).
struct TarBlock {
    let bytes: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
    }

    private func field(_ range: Range<Int>) -> ArraySlice<UInt8> {
        bytes[bytes.startIndex + range.lowerBound..<bytes.startIndex + range.upperBound]
    }

    /// Up to the first NUL; `nil` when it is not UTF-8.
    private func text(_ range: Range<Int>) -> String? {
        String(validating: field(range).prefix { $0 != 0 }, as: UTF8.self)
    }

    var isZero: Bool { bytes.allSatisfy { $0 == 0 } }
    var typeFlag: UInt8 { bytes[bytes.startIndex + 156] }
    var mode: Int? { number(100..<108) }
    var size: Int? { number(124..<136) }
    var linkTarget: String? { text(157..<257) }

    /// The name, with the prefix that only POSIX archives have: GNU tar stores times in the prefix's place.
    var path: String? {
        guard let name = text(0..<100) else { return nil }
        guard field(257..<263).elementsEqual("ustar\0".utf8) else { return name }
        guard let prefix = text(345..<500) else { return nil }
        return prefix.isEmpty ? name : "\(prefix)/\(name)"
    }

    /// The checksum: the sum over the block with spaces in place of the checksum; some old tars added signed bytes.
    var isChecksumRight: Bool {
        guard let expected = number(148..<156) else { return false }
        var unsigned = 0
        var signed = 0
        for (index, byte) in bytes.enumerated() {
            let value = 148..<156 ~= index ? UInt8(ascii: " ") : byte
            unsigned += Int(value)
            signed += Int(Int8(bitPattern: value))
        }
        return expected == unsigned || expected == signed
    }

    /// Octal digits between blanks, or GNU's base 256; `nil` for anything else, for negatives and for overflow.
    private func number(_ range: Range<Int>) -> Int? {
        var digits = field(range)
        if let first = digits.first, first & 0x80 != 0 {
            guard first == 0x80 else { return nil }
            return digits.dropFirst().reduce(Int?.some(0)) { sum, byte in
                guard let sum, sum <= Int.max >> 8 else { return nil }
                return sum << 8 | Int(byte)
            }
        }
        let isBlank = { (byte: UInt8) in byte == 0 || byte == UInt8(ascii: " ") }
        digits = digits.drop(while: isBlank)
        while let last = digits.last, isBlank(last) { digits.removeLast() }
        return digits.reduce(Int?.some(0)) { sum, byte in
            guard let sum, sum <= Int.max >> 3, UInt8(ascii: "0")...UInt8(ascii: "7") ~= byte else { return nil }
            return sum << 3 | Int(byte & 7)
        }
    }
}
