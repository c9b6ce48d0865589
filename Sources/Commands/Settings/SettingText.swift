// SPDX-License-Identifier: Apache-2.0

/// A value as it was written, before it is known whether it is what was expected.
enum SettingText: Hashable, Sendable {
    case scalar(String)
    case list([String])
    /// Of the file, where nothing of the kind is expected.
    case mapping

    /// What flags and the environment say: they write a list with commas.
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

    /// `nil`: it is not one value.
    var scalar: String? { if case .scalar(let text) = self { text } else { nil } }

    /// As `stoker config print` shows it.
    var shown: String {
        switch self {
        case .scalar(let text): text
        case .list(let items): items.joined(separator: ", ")
        case .mapping: "a mapping"
        }
    }
}
