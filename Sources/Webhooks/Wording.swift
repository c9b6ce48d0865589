// SPDX-License-Identifier: Apache-2.0

/// A text in two forms: plain, and Markdown with emphasised names.
///
/// Interpolated values come from users and builds, so the Markdown form escapes them: a workspace's name must not make
/// a link, a heading or a list.
package struct Wording: Hashable, Sendable, ExpressibleByStringInterpolation {
    package private(set) var plain: String
    package private(set) var markdown: String

    /// Writes both forms at once, and escapes in Markdown what is interpolated.
    package struct StringInterpolation: StringInterpolationProtocol {
        var plain = ""
        var markdown = ""

        package init(literalCapacity: Int, interpolationCount: Int) {}

        package mutating func appendLiteral(_ literal: String) {
            plain += literal
            markdown += literal
        }

        /// A name or a number, in bold.
        package mutating func appendInterpolation(_ name: String) {
            plain += name
            markdown += "**\(Wording.escaped(name))**"
        }

        /// Somebody else's message, without emphasis.
        package mutating func appendInterpolation(quoting text: String) {
            plain += text
            markdown += Wording.escaped(text)
        }

        package mutating func appendInterpolation(_ wording: Wording) {
            plain += wording.plain
            markdown += wording.markdown
        }
    }

    package init(stringLiteral value: String) {
        plain = value
        markdown = value
    }

    package init(stringInterpolation: StringInterpolation) {
        plain = stringInterpolation.plain
        markdown = stringInterpolation.markdown
    }

    static func + (left: Self, right: Self) -> Self { "\(left)\(right)" }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        var isAtLineStart = true
        for (index, character) in zip(text.indices, text) {
            let isMarkup =
                switch character {
                case "\\", "`", "*", "_", "[", "]", "<", ">", "~", "|": true
                // Elsewhere these are plain characters, and frequent in names.
                case "#", "-", "+", "=": isAtLineStart
                case ":": text[index...].hasPrefix("://")
                default: false
                }
            if isMarkup { escaped.append("\\") }
            escaped.append(character)
            isAtLineStart = character.isNewline || (isAtLineStart && character.isWhitespace)
        }
        return escaped
    }
}
