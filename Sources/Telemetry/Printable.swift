// SPDX-License-Identifier: Apache-2.0

/// What may reach a terminal, or whoever reads lines: printable text. Names, errors and logs come from templates and peers, and
/// with control characters they would move the cursor, set the title, hide what stands before them, or begin lines of their
/// own.
///
/// Escaped are the control characters (C0, DEL, C1), the formatting characters (those of bidirectional text and the tags,
/// among others), and the separators of lines and paragraphs, all in the notation of JSON. The joiners of U+200C and U+200D
/// are what words and emoji of some scripts are made of, and stay.
package enum Printable {
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

    /// One line, whatever the text holds; tabs stay.
    package static func line(_ text: String) -> String {
        escaping(text) { isPrintable($0) || $0 == "\t" }
    }

    /// Text that is JSON already, or a JSON string's inside: nothing in it is printed as it is, and all of it means the same.
    package static func json(_ text: String) -> String {
        escaping(text) { isPrintable($0) || $0 == "\n" || $0 == "\t" || $0 == "\r" }
    }

    /// As JSON writes it in a string (RFC 8259, section 7).
    package static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default:
            scalar.utf16.map { unit in
                let digits = String(unit, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }.joined()
        }
    }

    private static func escaping(_ text: String, unless isKept: (Unicode.Scalar) -> Bool) -> String {
        guard let first = text.unicodeScalars.firstIndex(where: { !isKept($0) }) else { return text }
        var escaped = String(text.unicodeScalars[..<first])
        for scalar in text.unicodeScalars[first...] {
            if isKept(scalar) { escaped.unicodeScalars.append(scalar) } else { escaped += Self.escaped(scalar) }
        }
        return escaped
    }
}
