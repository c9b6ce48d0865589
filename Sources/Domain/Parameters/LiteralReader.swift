// SPDX-License-Identifier: Apache-2.0

/// Reads literals in JSON or in Terraform's language, and the separators between them.
struct LiteralReader {
    enum Notation {
        case json, native
    }

    private static let maximumDepth = 100

    private var rest: Substring.UnicodeScalarView
    private let notation: Notation
    private var depth = 0

    init(_ text: String, notation: Notation) {
        rest = text.unicodeScalars[...]
        self.notation = notation
    }

    var isAtEnd: Bool {
        mutating get {
            skipSpace()
            return rest.isEmpty
        }
    }

    /// The value that makes up the whole text.
    mutating func whole() -> ParameterLiteral? {
        guard let value = value(), isAtEnd else { return nil }
        return value
    }

    mutating func value() -> ParameterLiteral? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { return nil }
        skipSpace()
        switch rest.first {
        case "\"": return string().map(ParameterLiteral.string)
        case "[": return list()
        case "{": return map()
        case "(" where notation == .native:
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

    private mutating func list() -> ParameterLiteral? {
        var elements: [ParameterLiteral] = []
        guard skip("[") else { return nil }
        while !skip("]") {
            guard elements.isEmpty || skip(",") else { return nil }
            if !elements.isEmpty, notation == .native, skip("]") { break }
            guard let element = value() else { return nil }
            elements.append(element)
        }
        return .list(elements)
    }

    private mutating func map() -> ParameterLiteral? {
        var members: [String: ParameterLiteral] = [:]
        guard skip("{") else { return nil }
        var isFirst = true
        while true {
            let separated = isFirst || separator()
            if skip("}") { return isFirst || !separated || notation == .native ? .map(members) : nil }
            guard separated, let name = memberName(), skip(":") || notation == .native && skip("="),
                let value = value()
            else { return nil }
            members[name] = value
            isFirst = false
        }
    }

    /// The separator of two members: a comma, or in Terraform's language the end of a line.
    private mutating func separator() -> Bool {
        guard notation == .native else { return skip(",") }
        let before = rest
        let hasComma = skip(",")
        let space = before[..<rest.startIndex]
        return hasComma || space.contains("\n")
    }

    mutating func memberName() -> String? {
        skipSpace()
        if rest.first == "\"" { return string() }
        return notation == .native ? identifier() : nil
    }

    /// `true`, `false`, `null` or a number.
    private mutating func word() -> ParameterLiteral? {
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
            return DecimalNumber(text).map(ParameterLiteral.number)
        }
    }

    private mutating func skipSpace() {
        while let next = rest.first {
            switch next {
            case " ", "\n", "\t", "\r": rest.removeFirst()
            case "#" where notation == .native: skipLine()
            case "/" where notation == .native && rest.dropFirst().first == "/": skipLine()
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
            case "$" where notation == .native, "%" where notation == .native:
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
        case "U" where notation == .native:
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
