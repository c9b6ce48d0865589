// SPDX-License-Identifier: Apache-2.0

/// The part of a foreign text that a message shows.
package enum Excerpt {
    /// The text itself when it is at most that many bytes long, else its beginning and its length.
    package static func of(_ text: String, most: Int = 200) -> String {
        guard text.utf8.count > most else { return text }
        return String(text.unicodeScalars.prefix(most / 2)) + "... (\(text.utf8.count) bytes)"
    }
}
