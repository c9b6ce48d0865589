// SPDX-License-Identifier: Apache-2.0

import Basics

/// Evaluates what needs no Terraform: literals, references that a scope resolves, templates of them, sums and products
/// of whole numbers, and a few functions. Everything else stays open.
struct StaticEvaluator {
    private static let maximumDepth = 60
    /// Bytes of a text that is put together. Texts that refer to each other could grow without end.
    private static let longestText = 64 << 10

    let scope: any StaticScope
    let expression: HCLExpression
    private let depth: Int

    static func value(of expression: HCLExpression, in scope: any StaticScope, depth: Int = 0) -> StaticValue {
        guard depth <= maximumDepth, nesting(of: expression) <= maximumDepth else { return .open }
        return Self(scope: scope, expression: expression, depth: depth).value(expression.tokens[...])
    }

    /// The value of a string that may be a template.
    static func value(template text: String, hasEscapes: Bool, in scope: any StaticScope, depth: Int = 0) -> StaticValue
    {
        guard depth <= maximumDepth, let parts = try? HCLLexer.parts(of: text, hasEscapes: hasEscapes) else {
            return .open
        }
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .directive: return .open
            case .expression(let source):
                guard let expression = try? HCLParser.expression(of: source) else { return .open }
                let value = value(of: expression, in: scope, depth: depth + 1)
                // A template that is one expression has its type.
                if parts.count == 1 { return value }
                guard let text = value.text else { return .open }
                result += text
            }
            guard result.utf8.count <= longestText else { return .open }
        }
        return .string(result)
    }

    // MARK: Operators

    private typealias Tokens = ArraySlice<HCLToken>

    private static let otherOperators: Set<String> = [
        "?", ":", "==", "!=", "<", ">", "<=", ">=", "&&", "||", "!", "%", "/", "...", "=>", "=", "~",
    ]

    private func value(_ tokens: Tokens) -> StaticValue {
        var tokens = tokens.drop { $0.kind == .newline }
        while tokens.last?.kind == .newline { tokens.removeLast() }
        guard !tokens.isEmpty else { return .open }
        let operators = Self.outside(tokens).compactMap { index -> String? in
            guard case .symbol(let symbol) = tokens[index].kind else { return nil }
            return symbol
        }
        guard !operators.contains(where: Self.otherOperators.contains) else { return .open }
        if operators.contains("+") { return combined(Self.split(tokens, at: "+")) { $0.addingReportingOverflow($1) } }
        if operators.contains("*") {
            // `list.*.name` and `list[*]` are splats.
            let factors = Self.split(tokens, at: "*")
            guard factors.allSatisfy({ !$0.isEmpty && $0.last?.isSymbol(".") == false }) else { return .open }
            return combined(factors) { $0.multipliedReportingOverflow(by: $1) }
        }
        return path(tokens)
    }

    private func combined(
        _ operands: [Tokens],
        _ operation: (Int, Int) -> (partialValue: Int, overflow: Bool)
    ) -> StaticValue {
        var result: Int?
        for operand in operands {
            guard let number = value(operand).integer else { return .open }
            guard let before = result else {
                result = number
                continue
            }
            let (next, isBeyond) = operation(before, number)
            guard !isBeyond else { return .open }
            result = next
        }
        return result.map { .number("\($0)") } ?? .open
    }

    // MARK: Values and paths

    private func path(_ tokens: Tokens) -> StaticValue {
        var rest = tokens
        let first = rest.removeFirst()
        let base: StaticValue
        switch first.kind {
        case .string(let text?): base = .string(text)
        case .string(nil): base = template(first)
        case .number(let digits): base = StaticValue(HCLExpression(tokens: [first], text: digits).literal ?? .null)
        case .symbol("-"):
            guard rest.count == 1, let number = path(rest).integer else { return .open }
            return .number("\(-number)")
        case .symbol("("), .symbol("["), .symbol("{"):
            guard let close = Self.close(of: tokens) else { return .open }
            let inside = tokens[(tokens.startIndex + 1)..<close]
            rest = tokens[(close + 1)...]
            base = first.isSymbol("(") ? value(inside) : first.isSymbol("[") ? list(inside) : object(inside)
        case .identifier("true") where rest.isEmpty: return .bool(true)
        case .identifier("false") where rest.isEmpty: return .bool(false)
        case .identifier("null") where rest.isEmpty: return .null
        case .identifier(let name):
            guard rest.first?.isSymbol("(") == true else { return reference(name, rest) }
            guard let close = Self.close(of: rest) else { return .open }
            base = function(name, Self.split(rest[(rest.startIndex + 1)..<close], at: ","))
            rest = rest[(close + 1)...]
        default: return .open
        }
        guard let steps = steps(rest) else { return .open }
        return steps.reduce(base) { $0.step($1) }
    }

    private func reference(_ name: String, _ rest: Tokens) -> StaticValue {
        guard let steps = steps(rest) else { return .open }
        return scope.value(of: name, steps, depth: depth + 1)
    }

    /// `.name`, `.0` and `[value]` behind a value; `nil` for anything else.
    private func steps(_ tokens: Tokens) -> [StaticValue]? {
        var rest = tokens
        var steps: [StaticValue] = []
        while let sign = rest.first {
            if sign.isSymbol("."), rest.count > 1 {
                switch rest[rest.startIndex + 1].kind {
                case .identifier(let name): steps.append(.string(name))
                case .number(let digits): steps.append(.number(digits))
                default: return nil
                }
                rest = rest.dropFirst(2)
            } else if sign.isSymbol("["), let close = Self.close(of: rest) {
                let key = value(rest[(rest.startIndex + 1)..<close])
                guard key.text != nil else { return nil }
                steps.append(key)
                rest = rest[(close + 1)...]
            } else {
                return nil
            }
        }
        return steps
    }

    private func template(_ token: HCLToken) -> StaticValue {
        let source = expression.source(of: token)
        // A heredoc with a template in it is left to Terraform.
        guard source.hasPrefix("\""), source.hasSuffix("\""), source.utf8.count > 1 else { return .open }
        let inside = String(source.dropFirst().dropLast())
        return Self.value(template: inside, hasEscapes: true, in: scope, depth: depth + 1)
    }

    private func list(_ tokens: Tokens) -> StaticValue {
        guard !Self.isFor(tokens) else { return .open }
        return .list(elements(Self.split(tokens, at: ",")).map { value($0) })
    }

    /// Without the empty one behind a trailing comma.
    private func elements(_ slices: [Tokens]) -> [Tokens] {
        slices.filter { slice in slice.contains { $0.kind != .newline } }
    }

    private func object(_ tokens: Tokens) -> StaticValue {
        guard !Self.isFor(tokens) else { return .open }
        var members: [StaticValue.Member] = []
        for line in elements(Self.split(tokens, at: ",", lines: true)) {
            let line = line.drop { $0.kind == .newline }
            guard let sign = Self.outside(line).first(where: { line[$0].isSymbol("=") || line[$0].isSymbol(":") })
            else {
                return .open
            }
            members.append(.init(name: key(line[..<sign]), value: value(line[(sign + 1)...])))
        }
        return .object(members)
    }

    private func key(_ tokens: Tokens) -> String? {
        if tokens.count == 1, case .identifier(let name) = tokens.first?.kind { return name }
        return value(tokens).text
    }

    private func function(_ name: String, _ arguments: [Tokens]) -> StaticValue {
        let values = elements(arguments).map { value($0) }
        switch (name, values.count) {
        case ("jsonencode", 1): return values[0].json.map { .string($0.json) } ?? .open
        case ("tostring", 1): return values[0].text.map { .string($0) } ?? .open
        case ("tonumber", 1): return values[0].text.flatMap { JSON.isNumber($0) ? .number($0) : nil } ?? .open
        case ("tobool", 1): return values[0].flag.map { .bool($0) } ?? .open
        case ("tolist", 1), ("toset", 1), ("tomap", 1): return values[0]
        case ("merge", 1...): return merged(values)
        case ("concat", 1...):
            var elements: [StaticValue] = []
            for case .list(let more) in values { elements += more }
            let areLists = values.allSatisfy { if case .list = $0 { true } else { false } }
            return areLists ? .list(elements) : .open
        default: return .open
        }
    }

    private func merged(_ values: [StaticValue]) -> StaticValue {
        var members: [StaticValue.Member] = []
        for value in values {
            guard case .object(let more) = value else { return .open }
            members = members.filter { member in
                !more.contains { $0.name != nil && $0.name == member.name }
            }
            members += more
        }
        return .object(members)
    }

    // MARK: Brackets

    /// How deep brackets are in each other: each level is a call.
    private static func nesting(of expression: HCLExpression) -> Int {
        var (open, most) = (0, 0)
        for token in expression.tokens {
            if opens(token) { open += 1 }
            if closes(token) { open -= 1 }
            most = max(most, open)
        }
        return most
    }

    private static func isFor(_ tokens: Tokens) -> Bool {
        tokens.first { $0.kind != .newline }?.kind == .identifier("for")
            && tokens.drop { $0.kind == .newline }.dropFirst().first.map {
                if case .identifier = $0.kind { true } else { false }
            }
                == true
    }

    private static func opens(_ token: HCLToken) -> Bool {
        token.isSymbol("(") || token.isSymbol("[") || token.isSymbol("{")
    }

    private static func closes(_ token: HCLToken) -> Bool {
        token.isSymbol(")") || token.isSymbol("]") || token.isSymbol("}")
    }

    /// The bracket that closes the first token.
    private static func close(of tokens: Tokens) -> Int? {
        var open = 0
        for index in tokens.indices {
            if opens(tokens[index]) { open += 1 }
            if closes(tokens[index]) { open -= 1 }
            if open == 0 { return index }
        }
        return nil
    }

    /// The indices of tokens that are in no bracket.
    private static func outside(_ tokens: Tokens) -> [Int] {
        var open = 0
        return tokens.indices.filter { index in
            if opens(tokens[index]) { open += 1 }
            defer { if closes(tokens[index]) { open -= 1 } }
            return open == 0
        }
    }

    private static func split(_ tokens: Tokens, at symbol: String, lines: Bool = false) -> [Tokens] {
        var slices: [Tokens] = []
        var start = tokens.startIndex
        for index in outside(tokens) where tokens[index].isSymbol(symbol) || lines && tokens[index].kind == .newline {
            slices.append(tokens[start..<index])
            start = index + 1
        }
        slices.append(tokens[start...])
        return slices
    }
}

/// Resolves references.
protocol StaticScope {
    /// - Parameters:
    ///   - root: The first word, such as `local` or `data`.
    ///   - steps: The names and indices behind it.
    func value(of root: String, _ steps: [StaticValue], depth: Int) -> StaticValue
}
