// SPDX-License-Identifier: Apache-2.0

/// A value as it was written, before it is validated.
enum SettingText: Hashable, Sendable {
    case scalar(String)
    case list([String])
    /// A value of the file that has the wrong kind.
    case mapping

    /// A value of a flag or an environment variable, where commas separate the elements of a list.
    init(_ text: String, _ form: SettingKey.Form, omittingEmptyItems: Bool) {
        guard form == .list else {
            self = .scalar(text)
            return
        }
        let items = text.split(separator: ",", omittingEmptySubsequences: omittingEmptyItems)
        self = .list(
            items.map { item in
                var item = item.drop(while: \.isWhitespace)
                while item.last?.isWhitespace == true { item.removeLast() }
                return String(item)
            }
        )
    }

    /// `nil` if it is not a single value.
    var scalar: String? { if case .scalar(let text) = self { text } else { nil } }

    /// The text that `stoker config print` shows.
    var shown: String {
        switch self {
        case .scalar(let text): text
        case .list(let items): items.joined(separator: ", ")
        case .mapping: "a mapping"
        }
    }
}
