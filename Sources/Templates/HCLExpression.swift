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

    func source(of token: HCLToken) -> String {
        let start = tokens[0].range.lowerBound
        let bytes = text.utf8.dropFirst(token.range.lowerBound - start).prefix(token.range.count)
        return String(decoding: bytes, as: UTF8.self)
    }
}
