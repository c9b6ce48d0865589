// SPDX-License-Identifier: Apache-2.0

/// A value as a person wrote it, before anyone knows whether it is what was expected.
enum SettingText: Hashable, Sendable {
    case scalar(String)
    case list([String])

    /// As `stoker config print` shows it.
    var shown: String {
        switch self {
        case .scalar(let text): text
        case .list(let items): items.joined(separator: ", ")
        }
    }
}
