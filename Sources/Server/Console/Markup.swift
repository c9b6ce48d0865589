// SPDX-License-Identifier: Apache-2.0

import Basics

/// A piece of HTML. Texts that are interpolated into it are escaped, pieces of HTML are not.
struct Markup: Sendable, Hashable, ExpressibleByStringInterpolation, CustomStringConvertible {
    let html: String

    static let none = Markup(html: "")

    init(html: String) { self.html = html }
    init(stringLiteral html: String) { self.html = html }
    init(stringInterpolation: StringInterpolation) { html = stringInterpolation.html }

    /// A text, escaped.
    init(_ text: String) { html = Self.escape(text) }

    var description: String { html }
    var isEmpty: Bool { html.isEmpty }

    /// Escaped for contents and for attributes in quotation marks. Control characters, which could hide or turn text,
    /// are shown as JSON writes them.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in Printable.text(text).unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var html = ""

        init(literalCapacity: Int, interpolationCount: Int) { html.reserveCapacity(literalCapacity * 2) }

        mutating func appendLiteral(_ literal: String) { html += literal }
        mutating func appendInterpolation(_ text: String) { html += Markup.escape(text) }
        mutating func appendInterpolation(_ number: Int) { html += "\(number)" }
        mutating func appendInterpolation(_ markup: Markup) { html += markup.html }
        mutating func appendInterpolation(_ list: [Markup]) { for markup in list { html += markup.html } }
    }
}

extension [Markup] {
    /// One after the other, with a piece between them.
    func joined(by separator: Markup) -> Markup {
        Markup(html: map(\.html).joined(separator: separator.html))
    }
}
