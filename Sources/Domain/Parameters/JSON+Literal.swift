// SPDX-License-Identifier: Apache-2.0

import Basics

extension JSON {
    /// Reads JSON (RFC 8259), or else a literal of Terraform's language, where names need no quotes, `=` may replace
    /// `:`, line ends may separate elements, a trailing comma is allowed, and `$${` stands for `${`. `nil` for anything
    /// else, such as an expression that only Terraform can evaluate.
    ///
    /// Equal values compare equal: numbers have one canonical text, and the last member of a name counts.
    package init?(literal text: String) {
        guard let value = (try? JSON(parsing: text, depth: 100)) ?? Self.read(text), let literal = value.literal else {
            return nil
        }
        self = literal
    }

    private static func read(_ text: String) -> JSON? {
        guard let tokens = try? HCLLexer.tokens(of: text) else { return nil }
        var reader = HCLLiteralReader(tokens)
        return reader.whole()
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
