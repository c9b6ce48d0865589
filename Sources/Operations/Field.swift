// SPDX-License-Identifier: Apache-2.0

package import Basics
import Domain
package import FoundationEssentials
import Time

/// One value that a request may carry: its name, its kind, whether it is required, and its description.
package struct Field: Sendable {
    /// The type of a value.
    package enum Kind: Sendable {
        /// A text with at most so many characters, as JSON Schema counts them.
        case text(least: Int = 0, most: Int)
        case identifier
        case instant
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case flag
        case choice([String])
        /// An array of texts from this set.
        case choices([String])
        /// An array of texts with at most so many characters each.
        case texts(most: Int)
        /// An object whose members are strings.
        case textMap
        case bytes
    }

    package let name: String
    package let kind: Kind
    /// For people. Empty if the name says enough.
    package let description: String
    package let isRequired: Bool
    /// `nil`: in the path when the path names it, else in the query of a read, else in the body.
    package let place: Route.Place?
    /// The default value, for the description.
    package let fallback: FieldValue?
    /// For the description. A body that has an example is required.
    package let example: FieldValue?
    /// A regular expression that the operation itself checks, for the description.
    package let pattern: String?
    /// Whether its value is kept out of the audit log.
    package private(set) var isSecret = false

    package init(
        _ name: String,
        _ kind: Kind,
        _ description: String = "",
        required: Bool = false,
        in place: Route.Place? = nil,
        default fallback: FieldValue? = nil,
        example: FieldValue? = nil,
        pattern: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.description = description
        self.isRequired = required
        self.place = place
        self.fallback = fallback
        self.example = example
        self.pattern = pattern
    }

    /// The field, with a value that is kept out of the audit log.
    func secret() -> Field {
        var field = self
        field.isSecret = true
        return field
    }
}

/// A value that fits a field.
package enum FieldValue: Hashable, Sendable, Encodable {
    case text(String)
    case integer(Int)
    case number(Double)
    case flag(Bool)
    case texts([String])
    case textMap([String: String])
    case bytes(Data)

    /// Whether there is a NUL in a text, which the database refuses.
    package var hasNUL: Bool {
        switch self {
        case .text(let text): text.utf8.contains(0)
        case .textMap(let map): map.contains { $0.key.utf8.contains(0) || $0.value.utf8.contains(0) }
        case .texts(let texts): texts.contains { $0.utf8.contains(0) }
        case .integer, .number, .flag, .bytes: false
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .integer(let number): try container.encode(number)
        case .number(let number): try container.encode(number)
        case .flag(let flag): try container.encode(flag)
        case .texts(let texts): try container.encode(texts)
        case .textMap(let map): try container.encode(map)
        case .bytes(let bytes): try container.encode(bytes)
        }
    }
}

extension Field.Kind {
    /// One of the raw values of an enum.
    package static func choice<Choice: CaseIterable & RawRepresentable<String>>(of type: Choice.Type) -> Self {
        .choice(Choice.allCases.map(\.rawValue))
    }

    /// Any of the raw values of an enum.
    package static func choices<Choice: CaseIterable & RawRepresentable<String>>(of type: Choice.Type) -> Self {
        .choices(Choice.allCases.map(\.rawValue))
    }

    /// The end of the sentence "expected ...".
    package var expectation: String {
        switch self {
        case .text(0, let most): "a text of at most \(most) characters"
        case .text(let least, let most): "a text of \(least) to \(most) characters"
        case .identifier: "a UUID"
        case .instant: "a time such as 2025-06-02T03:00:00Z"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .flag: "true or false"
        case .choice(let choices): "one of \(choices.joined(separator: ", "))"
        case .choices(let choices): "an array of \(choices.joined(separator: ", "))"
        case .texts(let most): "an array of texts of at most \(most) characters"
        case .textMap: "an object whose members are texts"
        case .bytes: "a body"
        }
    }

    /// Reads a value of a path, a query or a header; `nil`: it does not have the type.
    package func read(_ text: String) -> FieldValue? {
        switch self {
        case .text(let least, let most): (least...most).contains(text.unicodeScalars.count) ? .text(text) : nil
        case .identifier: Identifier<Never>(text).map { .text("\($0)") }
        case .instant: Instant(iso8601: text).map { _ in .text(text) }
        case .integer(let range): Int(text).flatMap { range.contains($0) ? .integer($0) : nil }
        case .number(let range): Double(text).flatMap { range.contains($0) ? .number($0) : nil }
        case .flag: ["true": .flag(true), "false": .flag(false)][text]
        case .choice(let choices): choices.contains(text) ? .text(text) : nil
        // In a query, an object is JSON.
        case .textMap: (try? JSON(parsing: text)).flatMap { read($0) }
        case .choices, .texts, .bytes: nil
        }
    }

    /// Reads a member of a JSON object; `nil`: it does not have the type.
    package func read(_ value: JSON) -> FieldValue? {
        switch (self, value) {
        case (.text, .string(let text)), (.identifier, .string(let text)), (.instant, .string(let text)),
            (.choice, .string(let text)):
            return read(text)
        case (.integer(let range), .number):
            // JSON has no integers: 3.0 is one.
            return value.integer.flatMap { range.contains($0) ? .integer($0) : nil }
        case (.number(let range), .number(let text)):
            return Double(text).flatMap { range.contains($0) ? .number($0) : nil }
        case (.flag, .bool(let flag)):
            return .flag(flag)
        case (.choices(let choices), .array(let elements)):
            let texts = elements.compactMap(Self.member)
            return texts.count == elements.count && texts.allSatisfy(choices.contains) ? .texts(texts) : nil
        case (.texts(let most), .array(let elements)):
            let texts = elements.compactMap(Self.member)
            let fits = texts.count == elements.count && texts.allSatisfy { $0.unicodeScalars.count <= most }
            return fits ? .texts(texts) : nil
        case (.textMap, .object):
            let members = value.members ?? [:]
            let texts = members.compactMapValues(Self.member)
            let fits = texts.count == members.count && texts.keys.allSatisfy { Self.member(.string($0)) != nil }
            return fits ? .textMap(texts) : nil
        default:
            return nil
        }
    }

    private static func member(_ value: JSON) -> String? {
        guard case .string(let text) = value, text.utf8.count <= 65_536 else { return nil }
        return text
    }
}
