// SPDX-License-Identifier: Apache-2.0

/// Why a text is not JSON, or exceeds a bound, and at which byte.
package struct JSONFault: Error, Hashable, CustomStringConvertible {
    /// What was expected, or what bound is exceeded.
    package enum Reason: Hashable, Sendable {
        case value, name, colon, memberEnd, elementEnd, end
        case openString, control, escape, hexadecimal
        case surrogate
        /// The nesting exceeds the bound.
        case depth
    }

    package let reason: Reason
    /// Counted from 0.
    package let offset: Int

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// Without the position, for the middle of a sentence.
    package var message: String {
        switch reason {
        case .value: "expected a JSON value"
        case .name: "expected a name in double quotes"
        case .colon: "expected ':'"
        case .memberEnd: "expected ',' or '}'"
        case .elementEnd: "expected ',' or ']'"
        case .end: "expected the end of the file"
        case .openString: "this string is not closed"
        case .control: "a control character in a string; escape it"
        case .escape: "an escape that JSON does not know"
        case .hexadecimal: "expected four hexadecimal digits"
        case .surrogate: "half of a surrogate pair"
        case .depth: "values are nested too deeply"
        }
    }

    package var description: String { "no JSON at byte \(offset + 1): \(message)" }
}
