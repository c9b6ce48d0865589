// SPDX-License-Identifier: Apache-2.0

/// Reads literals: strings without templates, numbers, `true`, `false`, `null`, lists and maps of them.
package struct HCLLiteralReader {
    private static let maximumDepth = 100

    private let tokens: [HCLToken]
    private var position = 0
    private var depth = 0

    package init(_ tokens: [HCLToken]) {
        self.tokens = tokens
    }

    /// The value, if all tokens are one literal; `nil` when only Terraform can evaluate them.
    package mutating func whole() -> JSON? {
        skipLines()
        guard let value = value() else { return nil }
        return isAtEnd ? value : nil
    }

    /// Whether only ends of lines are left.
    package var isAtEnd: Bool {
        mutating get {
            skipLines()
            return kind == .end
        }
    }

    private var kind: HCLToken.Kind { position < tokens.count ? tokens[position].kind : .end }

    /// Skips the symbol, if it comes next.
    package mutating func skip(_ symbol: String) -> Bool {
        guard kind == .symbol(symbol) else { return false }
        position += 1
        return true
    }

    private mutating func skipLines() {
        while kind == .newline { position += 1 }
    }

    /// Skips a name, if it comes next.
    package mutating func identifier() -> String? {
        guard case .identifier(let word) = kind else { return nil }
        position += 1
        return word
    }

    /// Skips the name of an object's member, with or without quotes.
    package mutating func memberName() -> String? {
        guard case .string(let text?) = kind else { return identifier() }
        position += 1
        return text
    }

    /// Skips a literal; `nil` when none comes next.
    package mutating func value() -> JSON? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.maximumDepth else { return nil }
        let first = kind
        position += 1
        switch first {
        case .string(let text): return text.map(JSON.string)
        case .number(let digits): return .number(Self.canonical(digits))
        case .identifier("true"): return .bool(true)
        case .identifier("false"): return .bool(false)
        case .identifier("null"): return .null
        case .symbol("-"):
            guard case .number(let digits) = kind else { return nil }
            position += 1
            return .number("-" + Self.canonical(digits))
        case .symbol("("):
            skipLines()
            guard let value = value() else { return nil }
            skipLines()
            return skip(")") ? value : nil
        case .symbol("["): return list()
        case .symbol("{"): return map()
        default: return nil
        }
    }

    private mutating func list() -> JSON? {
        var elements: [JSON] = []
        while true {
            skipLines()
            if skip("]") { return .array(elements) }
            guard let element = value() else { return nil }
            elements.append(element)
            skipLines()
            guard skip(",") || kind == .symbol("]") else { return nil }
        }
    }

    private mutating func map() -> JSON? {
        var members: [JSON.Member] = []
        while true {
            skipLines()
            if skip("}") { return .object(members) }
            guard let name = memberName(), skip("=") || skip(":"), let value = value() else { return nil }
            members.append(JSON.Member(name, value))
            guard skip(",") || kind == .newline || kind == .symbol("}") else { return nil }
        }
    }

    /// JSON allows no zeros in front.
    private static func canonical(_ digits: String) -> String {
        let trimmed = digits.drop { $0 == "0" }
        return trimmed.first.map(\.isNumber) == true ? String(trimmed) : "0" + trimmed
    }
}
