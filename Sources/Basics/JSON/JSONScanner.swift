// SPDX-License-Identifier: Apache-2.0

/// The grammar of JSON (RFC 8259), token by token.
///
/// It builds no values and uses no recursion: its only memory is a byte for each level of nesting.
struct JSONScanner {
    enum Token {
        case openObject
        case openArray
        /// The kind of the innermost object or array.
        case close
        /// A member's name, without quotes; its value follows.
        case name(Range<Int>)
        /// Without quotes.
        case string(Range<Int>)
        case number(Range<Int>)
        /// `true`, `false` or `null`.
        case word(Range<Int>)
        /// The end of the text, after its only value.
        case end
    }

    private enum Expected {
        case value, valueOrClose, name, nameOrClose, commaOrClose, end
    }

    let bytes: UnsafeBufferPointer<UInt8>
    /// The byte after the last token.
    private(set) var index = 0
    /// The line of this position, counted from 1.
    private(set) var line = 1
    /// Whether each open level is an object.
    private var open: [Bool] = []
    private var expected = Expected.value
    private let depth: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>, depth: Int) {
        self.bytes = bytes
        self.depth = depth
    }

    /// The number of open objects and arrays.
    var level: Int { open.count }

    mutating func next() throws(JSONFault) -> Token {
        skipSpace()
        if case .end = expected {
            guard index == bytes.count else { throw JSONFault(.end, at: index) }
            return .end
        }
        if case .commaOrClose = expected, take(",") {
            expected = open.last == true ? .name : .value
            skipSpace()
        }
        let byte = index < bytes.count ? bytes[index] : nil
        switch expected {
        case .valueOrClose where byte == UInt8(ascii: "]"), .nameOrClose where byte == UInt8(ascii: "}"): return close()
        case .value, .valueOrClose: return try value(byte)
        case .name, .nameOrClose: return try name(byte)
        case .commaOrClose, .end:
            let isObject = open.last == true
            guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
                throw JSONFault(isObject ? .memberEnd : .elementEnd, at: index)
            }
            return close()
        }
    }

    private mutating func value(_ byte: UInt8?) throws(JSONFault) -> Token {
        let token: Token
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard open.count < depth else { throw JSONFault(.depth, at: index) }
            let isObject = byte == UInt8(ascii: "{")
            open.append(isObject)
            index += 1
            expected = isObject ? .nameOrClose : .valueOrClose
            return isObject ? .openObject : .openArray
        case UInt8(ascii: "\""): token = .string(try string())
        case UInt8(ascii: "t"): token = .word(try word("true"))
        case UInt8(ascii: "f"): token = .word(try word("false"))
        case UInt8(ascii: "n"): token = .word(try word("null"))
        default: token = .number(try number())
        }
        ended()
        return token
    }

    private mutating func name(_ byte: UInt8?) throws(JSONFault) -> Token {
        guard byte == UInt8(ascii: "\"") else { throw JSONFault(.name, at: index) }
        let range = try string()
        skipSpace()
        guard take(":") else { throw JSONFault(.colon, at: index) }
        expected = .value
        return .name(range)
    }

    private mutating func close() -> Token {
        open.removeLast()
        index += 1
        ended()
        return .close
    }

    private mutating func ended() {
        expected = open.isEmpty ? .end : .commaOrClose
    }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x0a: line += 1
            case 0x20, 0x09, 0x0d: break
            default: return
            }
            index += 1
        }
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: scalar) else { return false }
        index += 1
        return true
    }

    private mutating func word(_ word: String) throws(JSONFault) -> Range<Int> {
        let start = index
        guard bytes[start...].starts(with: word.utf8) else { throw JSONFault(.value, at: start) }
        index += word.utf8.count
        return start..<index
    }

    private mutating func number() throws(JSONFault) -> Range<Int> {
        let start = index
        _ = take("-")
        if !take("0") { try digits(start) }
        if take(".") { try digits(start) }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            try digits(start)
        }
        return start..<index
    }

    private mutating func digits(_ start: Int) throws(JSONFault) {
        let first = index
        while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
        if index == first { throw JSONFault(.value, at: start) }
    }

    private mutating func string() throws(JSONFault) -> Range<Int> {
        let start = index
        index += 1
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if byte == UInt8(ascii: "\"") { return start + 1..<index - 1 }
            if byte < 0x20 { throw JSONFault(.control, at: index - 1) }
            if byte == UInt8(ascii: "\\") { try escape() }
        }
        throw JSONFault(.openString, at: start)
    }

    private mutating func escape() throws(JSONFault) {
        guard index < bytes.count else { throw JSONFault(.escape, at: index) }
        index += 1
        guard bytes[index - 1] == UInt8(ascii: "u") else {
            guard "\"\\/bfnrt".utf8.contains(bytes[index - 1]) else { throw JSONFault(.escape, at: index - 1) }
            return
        }
        for place in index..<index + 4 {
            guard place < bytes.count else { throw JSONFault(.hexadecimal, at: index) }
            switch bytes[place] {
            case 0x30...0x39, 0x41...0x46, 0x61...0x66: break
            default: throw JSONFault(.hexadecimal, at: place)
            }
        }
        index += 4
    }
}

extension JSONScanner {
    /// The decoded content of a string. Unpaired surrogates are replaced (U+FFFD); `half` is the position after the
    /// first one.
    static func text<Bytes: RandomAccessCollection<UInt8>>(
        _ content: Bytes
    ) -> (text: String, half: Int?) where Bytes.Index == Int {
        guard content.contains(UInt8(ascii: "\\")) else { return (String(decoding: content, as: UTF8.self), nil) }
        var text: [UInt8] = []
        text.reserveCapacity(content.count)
        var half: Int?
        var index = content.startIndex
        while index < content.endIndex {
            guard content[index] == UInt8(ascii: "\\") else {
                text.append(content[index])
                index += 1
                continue
            }
            let letter = content[index + 1]
            index += 2
            guard letter == UInt8(ascii: "u") else {
                text.append(escapes[letter] ?? letter)
                continue
            }
            let unit = codeUnit(content[index...])
            index += 4
            var scalar = Unicode.Scalar(unit)
            if UTF16.isLeadSurrogate(unit), content[index...].starts(with: #"\u"#.utf8) {
                let low = codeUnit(content[(index + 2)...])
                if UTF16.isTrailSurrogate(low) {
                    scalar = UTF16.decode(UTF16.EncodedScalar([unit, low]))
                    index += 6
                }
            }
            if scalar == nil, half == nil { half = index }
            text += Array(String(scalar ?? "\u{FFFD}").utf8)
        }
        return (String(decoding: text, as: UTF8.self), half)
    }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0c, UInt8(ascii: "n"): 0x0a, UInt8(ascii: "r"): 0x0d,
        UInt8(ascii: "t"): 0x09,
    ]

    private static func codeUnit(_ digits: some Collection<UInt8>) -> UInt16 {
        UInt16(String(decoding: digits.prefix(4), as: UTF8.self), radix: 16) ?? 0
    }
}
