// SPDX-License-Identifier: Apache-2.0

/// A value of a list, map or other compound type, as a parameter's text contains it.
package indirect enum ParameterLiteral: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(DecimalNumber)
    case string(String)
    case list([ParameterLiteral])
    case map([String: ParameterLiteral])

    /// Reads JSON (RFC 8259), or else a literal of Terraform's language, where names need no quotes, `=` may replace
    /// `:`, line ends may separate elements, a trailing comma is allowed, and `$${` stands for `${`. `nil` for anything
    /// else, such as an expression that only Terraform can evaluate.
    package init?(_ text: String) {
        var json = LiteralReader(text, notation: .json)
        if let value = json.whole() {
            self = value
            return
        }
        var native = LiteralReader(text, notation: .native)
        guard let value = native.whole() else { return nil }
        self = value
    }

    /// The canonical text of the value: compact JSON with sorted names.
    package var json: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let number): number.text
        case .string(let text): Self.quoted(text)
        case .list(let elements): "[" + elements.map(\.json).joined(separator: ",") + "]"
        case .map(let members):
            "{"
                + members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
                .map { "\(Self.quoted($0.key)):\($0.value.json)" }.joined(separator: ",") + "}"
        }
    }

    /// A scalar as text: a string without its quotes; `nil` for `null`, lists and maps.
    package var scalarText: String? {
        switch self {
        case .bool, .number: json
        case .string(let text): text
        case .null, .list, .map: nil
        }
    }

    /// The text as a JSON string.
    package static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
