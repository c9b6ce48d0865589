// SPDX-License-Identifier: Apache-2.0

import Basics

/// The attributes and blocks between two braces, or of a whole file.
struct HCLBody {
    struct Attribute {
        let name: HCLToken
        let expression: HCLExpression
    }

    struct Block {
        let type: String
        /// `nil`: a label that is a template, which Terraform refuses.
        let labels: [String?]
        let body: HCLBody
        let start: HCLToken
    }

    var attributes: [String: Attribute] = [:]
    var blocks: [Block] = []
}

/// Parses the structure of a file; expressions are kept as tokens.
struct HCLParser {
    private static let maximumDepth = 100

    private let text: [UInt8]
    private let tokens: [HCLToken]
    private var position = 0

    private init(_ text: String) throws(HCLProblem) {
        self.text = Array(text.utf8)
        tokens = try HCLLexer.tokens(of: text)
    }

    static func body(of text: String) throws(HCLProblem) -> HCLBody {
        var parser = try Self(text)
        return try parser.body(endingWith: .end, depth: 0, opened: nil)
    }

    /// Parses a text that is one expression, such as a type in Terraform's JSON syntax.
    static func expression(of text: String) throws(HCLProblem) -> HCLExpression {
        var parser = try Self(text)
        return try parser.expression()
    }

    private var token: HCLToken { tokens[position] }

    /// The end token is never skipped, so there is always a token.
    private mutating func take() -> HCLToken {
        defer { if token.kind != .end { position += 1 } }
        return token
    }

    private func problem(_ message: String) -> HCLProblem {
        problem(message, at: token)
    }

    private func problem(_ message: String, at token: HCLToken) -> HCLProblem {
        HCLProblem(message, at: token.mark, in: text)
    }

    private mutating func body(
        endingWith end: HCLToken.Kind,
        depth: Int,
        opened: HCLToken?
    ) throws(HCLProblem) -> HCLBody {
        guard depth <= Self.maximumDepth else { throw problem("blocks are nested too deeply") }
        var body = HCLBody()
        while true {
            if token.kind == .newline {
                _ = take()
                continue
            }
            if token.kind == end { return body }
            guard case .identifier(let name) = token.kind else {
                if token.kind == .end, let opened {
                    throw problem("the block that begins here is never closed with }", at: opened)
                }
                throw problem("expected the name of an attribute or a block")
            }
            let start = take()
            if token.isSymbol("=") {
                _ = take()
                guard body.attributes[name] == nil else {
                    throw problem("'\(name)' is set twice", at: start)
                }
                body.attributes[name] = HCLBody.Attribute(name: start, expression: try expression())
            } else {
                body.blocks.append(try block(name, start, depth))
            }
            guard token.kind == .newline || token.kind == end || token.kind == .end else {
                throw problem("expected the end of the line")
            }
        }
    }

    private mutating func block(_ type: String, _ start: HCLToken, _ depth: Int) throws(HCLProblem) -> HCLBody.Block {
        var labels: [String?] = []
        while true {
            switch token.kind {
            case .identifier(let label): labels.append(label)
            case .string(let label): labels.append(label)
            case .symbol("{"):
                _ = take()
                let body = try body(endingWith: .symbol("}"), depth: depth + 1, opened: start)
                _ = take()
                return HCLBody.Block(type: type, labels: labels, body: body, start: start)
            default:
                throw problem("expected '=' for an attribute or '{' for a block after '\(type)'")
            }
            _ = take()
        }
    }

    /// Everything up to the end of the line, or of the block, that is outside of all brackets.
    private mutating func expression() throws(HCLProblem) -> HCLExpression {
        var words: [HCLToken] = []
        var open: [HCLToken] = []
        while true {
            switch token.kind {
            case .symbol("("), .symbol("["), .symbol("{"):
                open.append(token)
            case .symbol(let symbol) where symbol == ")" || symbol == "]" || symbol == "}":
                if open.isEmpty, symbol == "}" { return try finish(words) }
                guard let opening = open.popLast(), Self.closing(opening) == symbol else {
                    throw problem("'\(symbol)' closes nothing")
                }
            case .newline where open.isEmpty:
                return try finish(words)
            case .end:
                if let opening = open.last {
                    throw problem("this bracket is never closed", at: opening)
                }
                return try finish(words)
            default: break
            }
            words.append(take())
        }
    }

    private func finish(_ words: [HCLToken]) throws(HCLProblem) -> HCLExpression {
        guard let first = words.first, let last = words.last else { throw problem("expected a value") }
        let source = text[first.range.lowerBound..<last.range.upperBound]
        return HCLExpression(tokens: words, text: String(decoding: source, as: UTF8.self))
    }

    private static func closing(_ opening: HCLToken) -> String {
        switch opening.kind {
        case .symbol("("): ")"
        case .symbol("["): "]"
        default: "}"
        }
    }
}
