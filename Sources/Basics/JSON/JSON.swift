// SPDX-License-Identifier: Apache-2.0

/// Any value of JSON (RFC 8259). Objects keep their members in order, also those of one name; numbers keep their digits.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    /// As JSON writes it, so that no digit is rounded.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    package struct Member: Hashable, Sendable {
        package let name: String
        package var value: JSON

        package init(_ name: String, _ value: JSON) {
            self.name = name
            self.value = value
        }
    }

    package static func number(_ value: some BinaryInteger) -> JSON { .number("\(value)") }

    /// JSON has no word for infinity or for what is not a number: those are `null`.
    package static func number(_ value: Double) -> JSON { value.isFinite ? .number("\(value)") : .null }

    /// Members in the order of the bytes of their names.
    package static func object(_ members: [String: JSON]) -> JSON {
        .object(members.map { Member($0.key, $0.value) }.sorted(by: Member.isBefore))
    }

    /// The member of an object, of several the first; `nil` for other values and for members that are not there.
    package subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// The members of an object, of several of one name the first; `nil` for other values.
    package var members: [String: JSON]? {
        guard case .object(let members) = self else { return nil }
        return Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
    }

    /// The text of a string; `nil` for other values.
    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// A number without a fraction, however it is written (`3.0`, `1e2`); `nil` for other values, and beyond 64 bits.
    package var integer: Int? {
        guard case .number(let digits) = self else { return nil }
        return Self.integer(digits)
    }

    /// What a person would read: strings without quotes, numbers in digits; `nil` for `null`, arrays and objects.
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

    /// Of members with the same name the last one counts.
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(Dictionary(elements) { _, last in last })
    }
}
