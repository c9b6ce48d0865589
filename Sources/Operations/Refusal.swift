// SPDX-License-Identifier: Apache-2.0

/// Why an operation was not done, where no other room's error says it. Nothing was changed.
package struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// The caller's role does not reach so far.
        case forbidden
        /// Nothing of that name exists, or the caller may not know of it.
        case notFound
        /// The request makes no sense as it stands.
        case invalid
        /// The thing is in a state in which this cannot be done.
        case conflict
    }

    package let code: Code
    package let message: String
    /// What to do about it; empty when the message says it.
    package let remedy: String

    package init(_ code: Code, _ message: String, remedy: String = "") {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    package var description: String { remedy.isEmpty ? message : "\(message). \(remedy)" }
}
