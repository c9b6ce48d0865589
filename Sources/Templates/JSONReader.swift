// SPDX-License-Identifier: Apache-2.0

/// A JSON value with its place in the file, for Terraform's JSON syntax.
struct JSONNode {
    indirect enum Content {
        case scalar(JSONValue)
        case array([JSONNode])
        case object([(name: String, value: JSONNode)])
    }

    let content: Content
    /// Counted from 1.
    let line: Int

    var value: JSONValue {
        switch content {
        case .scalar(let value): value
        case .array(let elements): .array(elements.map(\.value))
        case .object(let members): .object(members.map { .init(name: $0.name, value: $0.value.value) })
        }
    }

    var string: String? {
        guard case .scalar(.string(let text)) = content else { return nil }
        return text
    }

    var members: [(name: String, value: JSONNode)]? {
        guard case .object(let members) = content else { return nil }
        return members
    }

    /// The elements of an array, or the value itself: where Terraform expects blocks, it takes either.
    var oneOrMany: [JSONNode] {
        guard case .array(let elements) = content else { return [self] }
        return elements
    }
}

/// A strict reader of JSON (RFC 8259); its errors name the place.
struct JSONReader {
    private static let maximumDepth = 200

    private let bytes: [UInt8]
    private var mark = HCLMark(line: 1, lineStart: 0, offset: 0)
    private var depth = 0

    private init(_ text: String) {
        bytes = Array(text.utf8)
    }

    static func read(_ text: String) throws(HCLProblem) -> JSONNode {
        var reader = Self(text)
        guard !reader.bytes.starts(with: [0xef, 0xbb, 0xbf]) else {
            throw reader.problem("a byte order mark, which Terraform refuses before JSON; save the file without it")
        }
        let node = try reader.value()
        reader.skipBlanks()
        guard reader.byte == nil else { throw reader.problem("expected the end of the file") }
        return node
    }

    private var byte: UInt8? { mark.offset < bytes.count ? bytes[mark.offset] : nil }

    private func problem(_ message: String) -> HCLProblem {
        HCLProblem(message, at: mark, in: bytes)
    }

    private mutating func skipBlanks() {
        while let next = byte, next == 0x20 || next == 0x09 || next == 0x0a || next == 0x0d {
            mark.offset += 1
            if next == 0x0a {
                mark.line += 1
                mark.lineStart = mark.offset
            }
        }
    }

    private mutating func skip(_ symbol: Unicode.Scalar) -> Bool {
        skipBlanks()
        guard byte == UInt8(ascii: symbol) else { return false }
        mark.offset += 1
        return true
    }

    private mutating func value() throws(HCLProblem) -> JSONNode {
        skipBlanks()
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { throw problem("values are nested too deeply") }
        let line = mark.line
        let content: JSONNode.Content =
            switch byte {
            case UInt8(ascii: "{"): .object(try object())
            case UInt8(ascii: "["): .array(try array())
            case UInt8(ascii: "\""): .scalar(.string(try string()))
            default: .scalar(try word())
            }
        return JSONNode(content: content, line: line)
    }

    private mutating func object() throws(HCLProblem) -> [(name: String, value: JSONNode)] {
        var members: [(name: String, value: JSONNode)] = []
        mark.offset += 1
        if skip("}") { return members }
        repeat {
            skipBlanks()
            guard byte == UInt8(ascii: "\"") else { throw problem("expected a name in double quotes") }
            let name = try string()
            guard skip(":") else { throw problem("expected ':'") }
            members.append((name, try value()))
        } while skip(",")
        guard skip("}") else { throw problem("expected ',' or '}'") }
        return members
    }

    private mutating func array() throws(HCLProblem) -> [JSONNode] {
        var elements: [JSONNode] = []
        mark.offset += 1
        if skip("]") { return elements }
        repeat { elements.append(try value()) } while skip(",")
        guard skip("]") else { throw problem("expected ',' or ']'") }
        return elements
    }

    private mutating func word() throws(HCLProblem) -> JSONValue {
        let word = String(
            decoding: bytes[mark.offset...].prefix { !" \t\r\n,]}:".utf8.contains($0) },
            as: UTF8.self
        )
        let value: JSONValue? =
            switch word {
            case "true": .bool(true)
            case "false": .bool(false)
            case "null": .null
            case _ where Self.isNumber(word): .number(word)
            default: nil
            }
        guard let value else { throw problem("expected a JSON value") }
        mark.offset += word.utf8.count
        return value
    }

    static func isNumber(_ text: String) -> Bool {
        text.wholeMatch(of: /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/) != nil
    }

    private mutating func string() throws(HCLProblem) -> String {
        let start = mark
        var text: [UInt8] = []
        mark.offset += 1
        while let next = byte {
            switch next {
            case UInt8(ascii: "\""):
                mark.offset += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                mark.offset += 1
                text += Array(String(try escape()).utf8)
            case 0..<0x20:
                throw problem("a control character in a string; escape it")
            default:
                mark.offset += 1
                text.append(next)
            }
        }
        throw HCLProblem("this string is not closed", at: start, in: bytes)
    }

    private mutating func escape() throws(HCLProblem) -> Unicode.Scalar {
        let letter = byte
        if letter == UInt8(ascii: "u") {
            mark.offset += 1
            let unit = try codeUnit()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            guard UTF16.isLeadSurrogate(unit), bytes[mark.offset...].starts(with: #"\u"#.utf8) else {
                throw problem("half of a surrogate pair")
            }
            mark.offset += 2
            let low = try codeUnit()
            guard UTF16.isTrailSurrogate(low) else { throw problem("half of a surrogate pair") }
            return UTF16.decode(UTF16.EncodedScalar([unit, low]))
        }
        let escapes: [UInt8: Unicode.Scalar] = [
            0x22: "\"", 0x5c: "\\", 0x2f: "/", 0x62: "\u{8}", 0x66: "\u{c}", 0x6e: "\n", 0x72: "\r", 0x74: "\t",
        ]
        guard let letter, let scalar = escapes[letter] else { throw problem("an escape that JSON does not know") }
        mark.offset += 1
        return scalar
    }

    private mutating func codeUnit() throws(HCLProblem) -> UInt16 {
        let digits = String(decoding: bytes[mark.offset...].prefix(4), as: UTF8.self)
        guard digits.utf8.count == 4, digits.allSatisfy(\.isHexDigit), let unit = UInt16(digits, radix: 16) else {
            throw problem("expected four hexadecimal digits")
        }
        mark.offset += 4
        return unit
    }
}
