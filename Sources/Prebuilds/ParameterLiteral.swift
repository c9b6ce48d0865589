// SPDX-License-Identifier: Apache-2.0

/// A value of a list, map or other compound, as a parameter's text writes it.
package indirect enum ParameterLiteral: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(DecimalNumber)
    case string(String)
    case list([ParameterLiteral])
    case map([String: ParameterLiteral])

    /// Reads JSON (RFC 8259) or else a literal of Terraform's language: there names need no quotes, `=` is as good as `:`,
    /// lines may end an element, a comma may stand last, and `$${` is written for `${`. `nil` for anything else, such as an
    /// expression that takes Terraform to know its value.
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

    /// Compact JSON with sorted names: the one text of the value.
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

    /// What a scalar is as text: a string without its quotes; `nil` for `null`, lists and maps.
    package var scalarText: String? {
        switch self {
        case .bool, .number: json
        case .string(let text): text
        case .null, .list, .map: nil
        }
    }

    /// The text as a string of JSON.
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
