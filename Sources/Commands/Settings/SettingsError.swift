// SPDX-License-Identifier: Apache-2.0

/// Settings that cannot be used: each says where it stands and what is expected there.
struct SettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// In the order in which they were found; never empty.
    let problems: [String]

    init(_ problems: [String]) {
        self.problems = problems
    }

    init(_ problem: String) {
        self.init([problem])
    }

    /// One line a problem.
    var description: String { problems.joined(separator: "\n") }
}
