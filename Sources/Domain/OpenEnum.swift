// SPDX-License-Identifier: Apache-2.0

/// A value of an enumeration from another program: one that this release knows, or the text of an unknown one.
///
/// Reports are made of these. An unknown value, such as one of a newer release, is shown as it is written.
package struct OpenEnum<Known: RawRepresentable<String> & Sendable>: Sendable {
    package let text: String

    package init(text: String) { self.text = text }
    package init(_ known: Known) { text = known.rawValue }

    /// `nil` if this release does not know it.
    package var known: Known? { Known(rawValue: text) }

    /// Whether it is this value.
    package static func == (left: Self, right: Known) -> Bool { left.text == right.rawValue }

    /// Whether it is another value, known or unknown.
    package static func != (left: Self, right: Known) -> Bool { left.text != right.rawValue }
}

extension OpenEnum: Hashable, CustomStringConvertible {
    package var description: String { text }
}

extension OpenEnum: Codable {
    package init(from decoder: any Decoder) throws {
        text = try decoder.singleValueContainer().decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
