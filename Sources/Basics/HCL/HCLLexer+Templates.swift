// SPDX-License-Identifier: Apache-2.0

/// A piece of a string with `${...}` or `%{...}` in it.
package enum HCLTemplatePart: Hashable {
    case text(String)
    /// The source between the braces of `${...}`.
    case expression(String)
    /// `%{...}`, which only Terraform can evaluate.
    case directive
}

extension HCLLexer {
    /// The pieces of a template.
    ///
    /// - Parameters:
    ///   - text: What stands between the quotes of a string, or a string of Terraform's JSON syntax.
    ///   - hasEscapes: Whether a backslash begins an escape, as in the native syntax.
    package static func parts(of text: String, hasEscapes: Bool) throws(HCLProblem) -> [HCLTemplatePart] {
        var lexer = HCLLexer(verbatim: text)
        var parts: [HCLTemplatePart] = []
        var literal: [UInt8] = []
        while let next = lexer.byte() {
            if next == UInt8(ascii: "\\"), hasEscapes {
                literal += try lexer.escape()
                continue
            }
            let start = lexer.offset
            if try lexer.templateText(into: &literal) { continue }
            if !literal.isEmpty { parts.append(.text(String(decoding: literal, as: UTF8.self))) }
            literal = []
            guard lexer.bytes[start] == UInt8(ascii: "$") else {
                parts.append(.directive)
                continue
            }
            // `~` at either end removes the blanks beside the template.
            var inside = lexer.bytes[(start + 2)..<(lexer.offset - 1)]
            guard inside.first != UInt8(ascii: "~"), inside.last != UInt8(ascii: "~") else {
                parts.append(.directive)
                continue
            }
            while inside.first == UInt8(ascii: " ") { inside.removeFirst() }
            parts.append(.expression(String(decoding: inside, as: UTF8.self)))
        }
        if !literal.isEmpty { parts.append(.text(String(decoding: literal, as: UTF8.self))) }
        return parts
    }
}
