// SPDX-License-Identifier: Apache-2.0

/// Takes values out of the server's and libpq's messages.
enum Redaction {
    /// Replaces what stands between double quotes by an ellipsis.
    ///
    /// The text between the first and the last quote goes, so that a value with quotes in it cannot show its middle.
    static func quoted(_ message: String) -> String {
        guard let first = message.firstIndex(of: "\""), let last = message.lastIndex(of: "\""), first < last else {
            return message
        }
        return message[...first] + "…" + message[last...]
    }

    /// Replaces the values in details such as `Key (a, b)=(1, x) already exists.` and `Failing row contains (1, x).`
    static func parenthesized(_ detail: String) -> String {
        for opening in ["=(", "contains ("] {
            guard let start = detail.firstRange(of: opening), let end = detail.lastIndex(of: ")"),
                start.upperBound <= end
            else { continue }
            return detail[..<start.upperBound] + "…" + detail[end...]
        }
        return quoted(detail)
    }
}
