// SPDX-License-Identifier: Apache-2.0

/// Why an operation was refused, when no other room's error fits. Nothing was changed.
package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of refusal it is; the API makes the status of it, commands the exit code.
    package enum Code: Hashable, Sendable {
        /// The caller's role is not sufficient.
        case forbidden
        /// Nothing of that name exists, or the caller may not see it.
        case notFound
        /// The request is invalid.
        case invalid
        /// The current state does not allow it.
        case conflict
    }

    package let code: Code
    package let message: String
    /// The remedy; empty when the message contains it.
    package let remedy: String

    package init(_ code: Code, _ message: String, remedy: String = "") {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    package var description: String { remedy.isEmpty ? message : "\(message). \(remedy)" }
}
