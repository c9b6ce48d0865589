// SPDX-License-Identifier: Apache-2.0

/// Scans JSON (RFC 8259) once: checks that it is well-formed, and finds the members of its outermost object.
///
/// It builds no values. Besides the members it needs one byte of memory for each level of depth. All large JSON from
/// outside is read with it (Documentation/Decisions/0015-json-scanner.md).
struct JSONScan {
    /// A member of the outermost object, by places in the document; the name is without its quotes.
    struct Member: Equatable {
        let name: Range<Int>
        let value: Range<Int>
    }

    /// Why and at which byte the document is malformed.
    enum Fault: Error, Equatable {
        case syntax(Int)
        /// More depth than is allowed.
        case depth(Int)
    }

    private enum Expected {
        case value
        case valueOrClose
        case name
        case nameOrClose
        case commaOrClose
        case end
    }

    private(set) var members: [Member] = []
    /// The number of members that are recorded; messages have about a dozen.
    private static let mostMembers = 10_000
    /// `nil` when the document is well-formed. Otherwise ``members`` holds those before the fault.
    private(set) var fault: Fault?
    /// The first byte of the outermost value.
    private(set) var opening: UInt8?

    init(_ bytes: [UInt8], depth: Int = ChildBounds.depth) {
        bytes.withUnsafeBufferPointer { buffer in
            var scanner = Scanner(buffer)
            do throws(Fault) { try scanner.run(depth: depth) } catch { fault = error }
            members = scanner.members
            opening = scanner.opening
        }
    }

    var isWhole: Bool { fault == nil }

    /// The bytes of the member's value; of several, the last counts, as in most readers.
    func value(of name: String, in bytes: [UInt8]) -> ArraySlice<UInt8>? {
        members.last { bytes[$0.name].elementsEqual(name.utf8) }.map { bytes[$0.value] }
    }

    private struct Scanner {
        let bytes: UnsafeBufferPointer<UInt8>
        var index = 0
        var members: [Member] = []
        var opening: UInt8?
        /// The open brackets.
        private var open: [UInt8] = []
        private var name = 0..<0
        private var start = 0

        init(_ bytes: UnsafeBufferPointer<UInt8>) {
            self.bytes = bytes
        }

        mutating func run(depth: Int) throws(Fault) {
            var expected = Expected.value
            while true {
                skipSpace()
                guard index < bytes.count else {
                    if case .end = expected { return }
                    throw .syntax(index)
                }
                let byte = bytes[index]
                switch expected {
                case .end: throw .syntax(index)
                case .value, .valueOrClose:
                    if byte == UInt8(ascii: "]"), case .valueOrClose = expected {
                        expected = close()
                        continue
                    }
                    expected = try value(byte, depth)
                case .name, .nameOrClose:
                    if byte == UInt8(ascii: "}"), case .nameOrClose = expected {
                        expected = close()
                        continue
                    }
                    try member(byte)
                    expected = .value
                case .commaOrClose:
                    let isObject = open.last == UInt8(ascii: "{")
                    if byte == UInt8(ascii: ",") {
                        index += 1
                        expected = isObject ? .name : .value
                    } else if byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                        expected = close()
                    } else {
                        throw .syntax(index)
                    }
                }
            }
        }

        private mutating func member(_ byte: UInt8) throws(Fault) {
            guard byte == UInt8(ascii: "\"") else { throw .syntax(index) }
            let begin = index
            try string()
            if open.count == 1 { name = begin + 1..<index - 1 }
            skipSpace()
            guard index < bytes.count, bytes[index] == UInt8(ascii: ":") else { throw .syntax(index) }
            index += 1
        }

        private mutating func value(_ byte: UInt8, _ depth: Int) throws(Fault) -> Expected {
            if opening == nil { opening = byte }
            if open.count == 1 { start = index }
            switch byte {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard open.count < depth else { throw .depth(index) }
                open.append(byte)
                index += 1
                return byte == UInt8(ascii: "{") ? .nameOrClose : .valueOrClose
            case UInt8(ascii: "\""): try string()
            case UInt8(ascii: "t"): try word("true")
            case UInt8(ascii: "f"): try word("false")
            case UInt8(ascii: "n"): try word("null")
            default: try number()
            }
            return ended()
        }

        private mutating func close() -> Expected {
            open.removeLast()
            index += 1
            return ended()
        }

        /// The end of a value; a value of the outermost object is recorded.
        private mutating func ended() -> Expected {
            if open.isEmpty { return .end }
            if open.count == 1, open[0] == UInt8(ascii: "{"), members.count < JSONScan.mostMembers {
                members.append(Member(name: name, value: start..<index))
            }
            return .commaOrClose
        }

        private mutating func skipSpace() {
            while index < bytes.count {
                switch bytes[index] {
                case 0x20, 0x09, 0x0a, 0x0d: index += 1
                default: return
                }
            }
        }

        private mutating func word(_ word: StaticString) throws(Fault) {
            let count = word.utf8CodeUnitCount
            guard bytes.count - index >= count, (0..<count).allSatisfy({ bytes[index + $0] == word.utf8Start[$0] })
            else {
                throw .syntax(index)
            }
            index += count
        }

        private mutating func number() throws(Fault) {
            let begin = index
            _ = take("-")
            if !take("0") { try digits(begin) }
            if take(".") { try digits(begin) }
            if take("e") || take("E") {
                if !take("+") { _ = take("-") }
                try digits(begin)
            }
        }

        private mutating func digits(_ begin: Int) throws(Fault) {
            let first = index
            while index < bytes.count, (0x30...0x39).contains(bytes[index]) { index += 1 }
            if index == first { throw .syntax(begin) }
        }

        private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
            guard index < bytes.count, bytes[index] == UInt8(ascii: scalar) else { return false }
            index += 1
            return true
        }

        private mutating func string() throws(Fault) {
            let begin = index
            index += 1
            while index < bytes.count {
                let byte = bytes[index]
                index += 1
                if byte == UInt8(ascii: "\"") { return }
                if byte < 0x20 { throw .syntax(index - 1) }
                if byte == UInt8(ascii: "\\") { try escape() }
            }
            throw .syntax(begin)
        }

        private mutating func escape() throws(Fault) {
            guard index < bytes.count else { throw .syntax(index) }
            let letter = bytes[index]
            index += 1
            switch letter {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                return
            case UInt8(ascii: "u"):
                guard bytes.count - index >= 4 else { throw .syntax(index) }
                for place in index..<index + 4 {
                    switch bytes[place] {
                    case 0x30...0x39, 0x41...0x46, 0x61...0x66: break
                    default: throw .syntax(place)
                    }
                }
                index += 4
            default: throw .syntax(index - 1)
            }
        }
    }
}

/// Reads values of JSON that ``JSONScan`` has found to be well-formed.
enum JSONText {
    /// `nil` when it is not a string. Unpaired surrogates are replaced (U+FFFD).
    static func string(_ value: ArraySlice<UInt8>) -> String? {
        guard value.count >= 2, value.first == UInt8(ascii: "\"") else { return nil }
        let content = value.dropFirst().dropLast()
        guard content.contains(UInt8(ascii: "\\")) else { return String(decoding: content, as: UTF8.self) }
        var text: [UInt8] = []
        text.reserveCapacity(content.count)
        var index = content.startIndex
        while index < content.endIndex {
            guard content[index] == UInt8(ascii: "\\") else {
                text.append(content[index])
                index += 1
                continue
            }
            if content[index + 1] == UInt8(ascii: "u") {
                text += Array(String(scalar(in: content, at: &index)).utf8)
            } else {
                text.append(escapes[content[index + 1]] ?? content[index + 1])
                index += 2
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `nil` when it is not a whole number in the range of 64 bits.
    static func integer(_ value: ArraySlice<UInt8>) -> Int? {
        guard value.count <= 64, let first = value.first, first == UInt8(ascii: "-") || (0x30...0x39).contains(first)
        else {
            return nil
        }
        let text = String(decoding: value, as: UTF8.self)
        // `3.0` and `1e2` are whole numbers too.
        return Int(text) ?? Double(text).flatMap { Int(exactly: $0) }
    }

    static func isNull(_ value: ArraySlice<UInt8>) -> Bool { value.elementsEqual("null".utf8) }

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0c, UInt8(ascii: "n"): 0x0a, UInt8(ascii: "r"): 0x0d,
        UInt8(ascii: "t"): 0x09,
    ]

    /// Skips `\uXXXX`, and both of a surrogate pair.
    private static func scalar(in content: ArraySlice<UInt8>, at index: inout Int) -> Unicode.Scalar {
        let unit = codeUnit(content, index)
        index += 6
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(unit), content[index...].starts(with: #"\u"#.utf8) else { return "\u{FFFD}" }
        let low = codeUnit(content, index)
        guard UTF16.isTrailSurrogate(low) else { return "\u{FFFD}" }
        index += 6
        return UTF16.decode(UTF16.EncodedScalar([unit, low]))
    }

    private static func codeUnit(_ content: ArraySlice<UInt8>, _ index: Int) -> UInt16 {
        UInt16(String(decoding: content[index + 2..<index + 6], as: UTF8.self), radix: 16) ?? 0
    }
}
