// SPDX-License-Identifier: Apache-2.0

import Basics

extension JSON {
    /// Reads JSON (RFC 8259), or else a literal of Terraform's language, where names need no quotes, `=` may replace
    /// `:`, line ends may separate elements, a trailing comma is allowed, and `$${` stands for `${`. `nil` for anything
    /// else, such as an expression that only Terraform can evaluate.
    ///
    /// Equal values compare equal: numbers have one canonical text, and the last member of a name counts.
    package init?(literal text: String) {
        if let json = try? JSON(parsing: text, depth: LiteralReader.maximumDepth), let value = json.literal {
            self = value
            return
        }
        var reader = LiteralReader(text)
        guard let value = reader.value(), reader.isAtEnd else { return nil }
        self = value
    }

    /// The value as a literal; `nil` if it contains a number outside the range of a double.
    private var literal: JSON? {
        switch self {
        case .null, .bool, .string: return self
        case .number(let digits): return DecimalNumber(digits).map { .number($0.text) }
        case .array(let elements):
            let literals = elements.compactMap(\.literal)
            return literals.count == elements.count ? .array(literals) : nil
        case .object(let members):
            let literals = Dictionary(members.map { ($0.name, $0.value.literal) }) { _, last in last }
            let values = literals.compactMapValues(\.self)
            return values.count == literals.count ? .object(values) : nil
        }
    }
}

/// Reads literals of Terraform's own language, and the separators between them.
struct LiteralReader {
    fileprivate static let maximumDepth = 100

    private var rest: Substring.UnicodeScalarView
    private var depth = 0

    init(_ text: String) {
        rest = text.unicodeScalars[...]
    }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return rest.isEmpty
        }
    }

    mutating func value() -> JSON? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { return nil }
        skipSpace()
        switch rest.first {
        case "\"": return string().map(JSON.string)
        case "[": return list()
        case "{": return map()
        case "(":
            _ = skip("(")
            guard let value = value(), skip(")") else { return nil }
            return value
        default: return word()
        }
    }

    /// Skips the scalar, and the space before it.
    mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
        skipSpace()
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    /// A name such as `string`, as Terraform's language has them.
    mutating func identifier() -> String? {
        skipSpace()
        guard let first = rest.first, first.properties.isIDStart || first == "_" else { return nil }
        let name = rest.prefix { $0.properties.isIDContinue || $0 == "-" }
        rest = rest[name.endIndex...]
        return String(name)
    }

    private mutating func list() -> JSON? {
        var elements: [JSON] = []
        guard skip("[") else { return nil }
        while !skip("]") {
            guard elements.isEmpty || skip(",") else { return nil }
            if !elements.isEmpty, skip("]") { break }
            guard let element = value() else { return nil }
            elements.append(element)
        }
        return .array(elements)
    }

    private mutating func map() -> JSON? {
        var members: [String: JSON] = [:]
        guard skip("{") else { return nil }
        var isFirst = true
        while true {
            let separated = isFirst || separator()
            if skip("}") { return .object(members) }
            guard separated, let name = memberName(), skip(":") || skip("="), let value = value() else { return nil }
            members[name] = value
            isFirst = false
        }
    }

    /// The separator of two members: a comma, or in Terraform's language the end of a line.
    private mutating func separator() -> Bool {
        let before = rest
        let hasComma = skip(",")
        let space = before[..<rest.startIndex]
        return hasComma || space.contains("\n")
    }

    mutating func memberName() -> String? {
        skipSpace()
        if rest.first == "\"" { return string() }
        return identifier()
    }

    /// `true`, `false`, `null` or a number.
    private mutating func word() -> JSON? {
        let word = rest.prefix {
            $0.isASCII && ($0.properties.isAlphabetic || "0123456789+-.".unicodeScalars.contains($0))
        }
        rest = rest[word.endIndex...]
        let text = String(word)
        switch text {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        default:
            guard let first = text.utf8.first, UInt8(ascii: "0")...UInt8(ascii: "9") ~= first || text.hasPrefix("-")
            else { return nil }
            return DecimalNumber(text).map { .number($0.text) }
        }
    }

    private mutating func skipSpace() {
        while let next = rest.first {
            switch next {
            case " ", "\n", "\t", "\r": rest.removeFirst()
            case "#": skipLine()
            case "/" where rest.dropFirst().first == "/": skipLine()
            default: return
            }
        }
    }

    /// A comment; the end of its line stays.
    private mutating func skipLine() {
        rest = rest.drop { $0 != "\n" }
    }
}

// MARK: - Strings

extension LiteralReader {
    private mutating func string() -> String? {
        guard skip("\"") else { return nil }
        var text = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"":
                return String(text)
            case "\\":
                guard let escaped = escape() else { return nil }
                text.append(escaped)
            case "$", "%":
                text.append(scalar)
                guard rest.first == scalar || rest.first == "{" else { continue }
                // One of the two characters says that no template begins here.
                guard rest.first == scalar else { return nil }
                if rest.dropFirst().first == "{" {
                    text.append("{")
                    rest = rest.dropFirst(2)
                }
            default:
                guard scalar.value >= 0x20 else { return nil }
                text.append(scalar)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        switch rest.popFirst() {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "b": return "\u{8}"
        case "f": return "\u{c}"
        case "u":
            guard let unit = digits(4) else { return nil }
            guard UTF16.isLeadSurrogate(UInt16(unit)) else { return Unicode.Scalar(unit) }
            guard rest.popFirst() == "\\", rest.popFirst() == "u", let low = digits(4),
                UTF16.isTrailSurrogate(UInt16(low))
            else { return nil }
            return Unicode.Scalar(0x10000 + (unit & 0x3ff) << 10 + low & 0x3ff)
        case "U":
            return digits(8).flatMap { Unicode.Scalar($0) }
        case let scalar? where scalar == "\"" || scalar == "\\" || scalar == "/":
            return scalar
        default:
            return nil
        }
    }

    /// A number of so many hexadecimal digits.
    private mutating func digits(_ count: Int) -> UInt32? {
        let digits = rest.prefix(count)
        rest = rest.dropFirst(count)
        guard digits.count == count, digits.allSatisfy({ $0.properties.isASCIIHexDigit }) else { return nil }
        return UInt32(String(digits), radix: 16)
    }
}
