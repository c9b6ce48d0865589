// SPDX-License-Identifier: Apache-2.0

/// Any JSON value (RFC 8259). Objects keep the order of their members and duplicate names; numbers keep their digits.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The number's text, so that no digit is rounded.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    /// A member of an object.
    package struct Member: Hashable, Sendable {
        package let name: String
        package var value: JSON

        package init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    /// An integer, with all its digits.
    package static func number(_ value: some BinaryInteger) -> JSON { .number("\(value)") }

    /// Infinities and NaN become `null`, because JSON cannot express them.
    package static func number(_ value: Double) -> JSON { value.isFinite ? .number("\(value)") : .null }

    /// Members sorted by the bytes of their names.
    package static func object(_ members: [String: JSON]) -> JSON {
        .object(members.map { Member($0.key, $0.value) }.sorted(by: Member.isBefore))
    }

    /// The member of an object (the first, if there are several); `nil` for other values and missing members.
    package subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The members of an object (the first, if several have the same name); `nil` for other values.
    package var members: [String: JSON]? {
        guard case .object(let members) = self else { return nil }
        return Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
    }

    /// The text of a string; `nil` for other values.
    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// A number without a fraction, in any notation (`3.0`, `1e2`); `nil` for other values, and beyond 64 bits.
    package var integer: Int? {
        guard case .number(let digits) = self else { return nil }
        return Self.integer(digits)
    }

    /// The value for people: strings without quotes, numbers in digits; `nil` for `null`, arrays and objects.
    package var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }

    static func integer(_ digits: String) -> Int? {
        Int(digits) ?? Double(digits).flatMap { Int(exactly: $0) }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int64) { self = .number(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(nilLiteral: ()) { self = .null }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }

    /// The last of several members with the same name counts.
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}
