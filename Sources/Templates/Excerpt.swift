// SPDX-License-Identifier: Apache-2.0

/// As much of a foreign text as a message needs.
enum Excerpt {
    /// The text itself when it has no more than so many bytes, else its beginning and how much there is.
    static func of(_ text: String, most: Int = 200) -> String {
        guard text.utf8.count > most else { return text }
        return String(text.unicodeScalars.prefix(most / 2)) + "... (\(text.utf8.count) bytes)"
    }
}
