// SPDX-License-Identifier: Apache-2.0

/// Escapes text for terminals and line readers. Names, errors and logs come from templates and peers. Their control
/// characters could move the cursor, set the title, hide earlier text, or start new lines.
///
/// It escapes the control characters (C0, DEL, C1), the formatting characters (such as those of bidirectional text and
/// the tags), and the line and paragraph separators, in the notation of JSON. The joiners U+200C and U+200D stay,
/// because words and emoji of some scripts need them.
package enum Printable {
    /// Whether the scalar stays as it is; all others are escaped.
    package static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar >= " " && scalar != "\u{7f}" }
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: return false
        case .format: return scalar == "\u{200c}" || scalar == "\u{200d}"
        default: return true
        }
    }

    /// Text of any number of lines; line feeds and tabs stay.
    package static func text(_ text: String) -> String {
        escaping(text) { isPrintable($0) || $0 == "\n" || $0 == "\t" }
    }

    /// One line, whatever the text contains; tabs stay.
    package static func line(_ text: String) -> String {
        escaping(text) { isPrintable($0) || $0 == "\t" }
    }

    /// Text that is JSON already, or the inside of a JSON string: everything unprintable in it is escaped, and its
    /// meaning stays the same.
    package static func json(_ text: String) -> String {
        escaping(text) { isPrintable($0) || $0 == "\n" || $0 == "\t" || $0 == "\r" }
    }

    private static func escaping(_ text: String, unless isKept: (Unicode.Scalar) -> Bool) -> String {
        guard let first = text.unicodeScalars.firstIndex(where: { !isKept($0) }) else { return text }
        var escaped = String(text.unicodeScalars[..<first])
        for scalar in text.unicodeScalars[first...] {
            if isKept(scalar) { escaped.unicodeScalars.append(scalar) } else { escaped += Self.escape(scalar) }
        }
        return escaped
    }

    /// As JSON writes it in a string (RFC 8259, section 7).
    private static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default: JSON.escaped(scalar)
        }
    }
}
