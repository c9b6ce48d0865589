// SPDX-License-Identifier: Apache-2.0

import Basics

/// The texts and numbers in a value, at any depth. Redaction searches logs for each of them.
///
/// Names of attributes and keys of maps are not leaves: they are in the template, or are ordinary words.
package enum ValueLeaves {
    /// How many levels of JSON inside of text are parsed.
    private static let maximumDepth = 4

    /// - Parameter value: A parameter's value as it is stored: text, JSON, or an expression of HCL.
    /// - Returns: the value itself and its leaves.
    package static func texts(of value: String) -> [String] {
        var texts = [value]
        add(leavesOf: value, to: &texts, depth: 0)
        return texts
    }

    private static func add(leavesOf text: String, to texts: inout [String], depth: Int) {
        guard depth < maximumDepth, let first = text.unicodeScalars.first(where: { !$0.properties.isWhitespace }),
            "[{\"<".unicodeScalars.contains(first)
        else { return }
        if let value = try? JSON(parsing: text) {
            return add(value, to: &texts, depth: depth)
        }
        guard let tokens = try? HCLLexer.tokens(of: text) else { return }
        if let literal = try? HCLParser.expression(of: text).literal {
            return add(literal, to: &texts, depth: depth)
        }
        // It is neither a literal nor a value; the text in it is a secret nevertheless.
        for case .string(let text?) in tokens.map(\.kind) { add(.string(text), to: &texts, depth: depth) }
    }

    private static func add(_ value: JSON, to texts: inout [String], depth: Int) {
        switch value {
        case .null, .bool: break
        case .number(let digits):
            texts.append(digits)
            // As Terraform writes it.
            if digits.contains("."), !digits.contains(where: { $0 == "e" || $0 == "E" }) {
                let short = digits.reversed().drop { $0 == "0" }.drop { $0 == "." }
                texts.append(String(short.reversed()))
            }
        case .string(let text):
            texts.append(text)
            add(leavesOf: text, to: &texts, depth: depth + 1)
        case .array(let elements):
            for element in elements { add(element, to: &texts, depth: depth) }
        case .object(let members):
            for member in members { add(member.value, to: &texts, depth: depth) }
        }
    }
}
