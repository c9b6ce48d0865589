// SPDX-License-Identifier: Apache-2.0

/// The text of a statement with its parameters. Interpolated values are bound, never pasted into the text.
///
/// ```swift
/// let due: SQL = "available_at <= \(now)"
/// let sql: SQL = "SELECT id FROM provisioner_jobs WHERE \(sql: due) AND priority > \(floor) LIMIT \(literal: 50)"
/// // SELECT id FROM provisioner_jobs WHERE available_at <= $1 AND priority > $2 LIMIT 50
/// ```
package struct SQL: Hashable, Sendable {
    /// The statement with `$1`, `$2` ... where values are bound.
    package private(set) var text: String
    private(set) var parameters = Parameters()
    /// Where in the text's UTF-8 each placeholder begins.
    private var placeholders: [Int] = []

    /// A statement without parameters, taken as it is: only for text that ships with the program.
    package init(trusted text: String) {
        self.text = text
    }

    private mutating func bind(_ value: some PostgresEncodable) {
        placeholders.append(text.utf8.count)
        parameters.append(value)
        text.append("$\(parameters.count)")
    }

    private mutating func splice(_ other: SQL) {
        guard !other.placeholders.isEmpty else {
            text.append(other.text)
            return
        }
        let shift = parameters.count
        parameters.append(other.parameters)
        let source = other.text.utf8
        var position = source.startIndex
        for (index, offset) in other.placeholders.enumerated() {
            let placeholder = source.index(source.startIndex, offsetBy: offset)
            text.append(contentsOf: other.text[position..<placeholder])
            placeholders.append(text.utf8.count)
            text.append("$\(shift + index + 1)")
            position = source.index(placeholder, offsetBy: "$\(index + 1)".utf8.count)
        }
        text.append(contentsOf: other.text[position...])
    }
}

extension SQL: ExpressibleByStringInterpolation {
    package init(stringLiteral text: String) {
        self.init(trusted: text)
    }

    package init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.sql
    }

    /// Makes a parameter of each value that a literal interpolates.
    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sql = SQL(trusted: "")

        package init(literalCapacity: Int, interpolationCount: Int) {
            sql.text.reserveCapacity(literalCapacity + 4 * interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            sql.text.append(literal)
        }

        /// Binds the value as the next parameter.
        package mutating func appendInterpolation(_ value: some PostgresEncodable) {
            sql.bind(value)
        }

        /// Binds the value, or NULL, as the next parameter.
        package mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            sql.bind(value)
        }

        /// Writes the integer into the text, where a parameter would spoil the plan, as in `LIMIT`.
        package mutating func appendInterpolation(literal integer: Int) {
            sql.text.append(String(integer))
        }

        /// Writes the text as a literal, where a parameter would hide from the planner what it needs to see, as in the condition
        /// of a partial index: only for text that ships with the program.
        package mutating func appendInterpolation(quoted text: String) {
            append(text, within: "'")
        }

        /// Inserts another statement's text and parameters.
        package mutating func appendInterpolation(sql fragment: SQL) {
            sql.splice(fragment)
        }

        /// Writes the name of a table, column, channel or database, quoted.
        package mutating func appendInterpolation(identifier name: String) {
            append(name, within: "\"")
        }

        private mutating func append(_ text: String, within quote: Unicode.Scalar) {
            sql.text.unicodeScalars.append(quote)
            for character in text.unicodeScalars where character != "\0" {
                sql.text.unicodeScalars.append(character)
                if character == quote { sql.text.unicodeScalars.append(quote) }
            }
            sql.text.unicodeScalars.append(quote)
        }
    }
}
