// SPDX-License-Identifier: Apache-2.0

import Patterns

/// A cache of compiled regular expressions, each compiled once for all presets.
package struct ParameterPatterns {
    private var compiled: [String: Pattern?] = [:]

    package init() {}

    /// Whether `pattern` is found in `value`; `nil` when it is not a valid regular expression.
    mutating func isFound(_ pattern: String, in value: String) -> Bool? {
        if let known = compiled[pattern] { return known?.isFound(in: value) }
        let new = Pattern(pattern)
        compiled[pattern] = .some(new)
        return new?.isFound(in: value)
    }
}
