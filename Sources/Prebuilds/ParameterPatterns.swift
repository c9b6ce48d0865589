// SPDX-License-Identifier: Apache-2.0

/// The regular expressions of one plan, each compiled once however many presets it concerns.
struct ParameterPatterns {
    private var compiled: [String: Regex<AnyRegexOutput>?] = [:]

    /// Whether `pattern` is found in `value`; `nil` when it is no regular expression.
    mutating func isFound(_ pattern: String, in value: String) -> Bool? {
        let regex: Regex<AnyRegexOutput>?
        if let known = compiled[pattern] {
            regex = known
        } else {
            regex = (try? Regex(pattern))?.matchingSemantics(.unicodeScalar)
            compiled[pattern] = regex
        }
        return regex.map { value.contains($0) }
    }
}
