// SPDX-License-Identifier: Apache-2.0

import Basics

/// An expression as it was written. Stoker evaluates literals only, and leaves the rest to Terraform.
struct HCLExpression {
    let tokens: [HCLToken]
    let text: String

    /// The value when the expression is a literal; `nil` when only Terraform can evaluate it.
    var literal: JSON? {
        var reader = HCLLiteralReader(tokens)
        return reader.whole()
    }

    /// A single identifier, such as `string` in `type = string`.
    var keyword: String? {
        guard tokens.count == 1, case .identifier(let word) = tokens[0].kind else { return nil }
        return word
    }

    /// The text on one line, with single blanks, and with commas in place of line ends.
    var singleLine: String {
        var line = ""
        var last: HCLToken?
        for (index, token) in tokens.enumerated() where token.kind != .newline {
            if let last {
                let endsLine = tokens[index - 1].kind == .newline
                if endsLine, !Self.opens(last), !last.isSymbol(","), !Self.closes(token) { line += "," }
                let isTight = last.isSymbol("(") || last.isSymbol("[") || token.isSymbol(")") || token.isSymbol("]")
                if last.range.upperBound != token.range.lowerBound, !isTight { line += " " }
            }
            line += source(of: token)
            last = token
        }
        return line
    }

    /// The strings of `contains(["a", "b"], var.name)`, the usual form of an enumeration.
    func optionsOfContains(variable name: String) -> [String]? {
        let words = tokens.filter { $0.kind != .newline }
        guard words.count > 7, words[0].kind == .identifier("contains"), words[1].isSymbol("("),
            words[words.count - 1].isSymbol(")")
        else { return nil }
        var arguments = words[2..<(words.count - 1)]
        if arguments.last?.isSymbol(",") == true { arguments.removeLast() }
        let tail: [HCLToken.Kind] = [.symbol(","), .identifier("var"), .symbol("."), .identifier(name)]
        guard arguments.suffix(4).map(\.kind) == tail else { return nil }
        var reader = HCLLiteralReader(Array(arguments.dropLast(4)))
        guard case .array(let elements) = reader.whole() else { return nil }
        var options: [String] = []
        for element in elements {
            switch element {
            case .string(let option), .number(let option): options.append(option)
            default: return nil
            }
        }
        return options
    }

    private static func opens(_ token: HCLToken) -> Bool {
        token.isSymbol("(") || token.isSymbol("[") || token.isSymbol("{")
    }

    private static func closes(_ token: HCLToken) -> Bool {
        token.isSymbol(")") || token.isSymbol("]") || token.isSymbol("}")
    }

    private func source(of token: HCLToken) -> String {
        let start = tokens[0].range.lowerBound
        let bytes = text.utf8.dropFirst(token.range.lowerBound - start).prefix(token.range.count)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Reads literals: strings without templates, numbers, `true`, `false`, `null`, lists and maps of them.
private struct HCLLiteralReader {
    private static let maximumDepth = 100

    private let tokens: [HCLToken]
    private var position = 0
    private var depth = 0

    init(_ tokens: [HCLToken]) {
        self.tokens = tokens
    }

    mutating func whole() -> JSON? {
        guard let value = value() else { return nil }
        skipLines()
        return position == tokens.count ? value : nil
    }

    private var kind: HCLToken.Kind { position < tokens.count ? tokens[position].kind : .end }

    private mutating func skip(_ symbol: String) -> Bool {
        guard kind == .symbol(symbol) else { return false }
        position += 1
        return true
    }

    private mutating func skipLines() {
        while kind == .newline { position += 1 }
    }

    private mutating func value() -> JSON? {
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
            let name: String
            switch kind {
            case .identifier(let word): name = word
            case .string(let text?): name = text
            default: return nil
            }
            position += 1
            guard skip("=") || skip(":"), let value = value() else { return nil }
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
