// SPDX-License-Identifier: Apache-2.0

/// Why an execution failed, and the state that it left.
package struct ProvisioningFailure: Error, Sendable, Hashable {
    /// The class of failure, which decides about retries; the raw values are those of `error_code`.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// The template or its parameters are wrong; a retry would fail again.
        case invalid = "INVALID"
        /// The network failed, or a service asked to slow down; a retry may succeed.
        case transient = "TRANSIENT"
        /// Capacity or quota is used up; wait before trying again.
        case capacity = "CAPACITY"
        /// A user canceled it.
        case canceled = "CANCELED"
        /// It exceeded its time limit or its no-output limit.
        case timedOut = "TIMED_OUT"
        /// This worker may not continue; another worker can.
        case interrupted = "INTERRUPTED"
        /// The plan of a claim replaces resources, and the policy forbids that. Nothing was changed.
        case replacementBlocked = "REPLACEMENT_BLOCKED"
        /// Anything else.
        case failed = "FAILED"
    }

    package var code: Code
    /// A message for people: what happened, where, and the remedy.
    package var message: String
    /// The newest known state. Save it whatever the code; `nil` when no resource is known to exist.
    package var state: [UInt8]?
    package var replacements: [Replacement]
    /// Whether no change had begun: the workspace is as it was.
    package var isUntouched = false

    package init(
        _ code: Code,
        _ message: String,
        state: [UInt8]? = nil,
        replacements: [Replacement] = []
    ) {
        self.code = code
        self.message = message.storable
        self.state = state
        self.replacements = replacements
    }
}

extension ProvisioningFailure {
    /// The failure with its message limited to ``ChildBounds/textBytes``.
    package var bounded: ProvisioningFailure {
        var failure = self
        failure.message = message.storable.cut(to: ChildBounds.textBytes)
        return failure
    }
}

extension ProvisioningFailure: CustomStringConvertible {
    /// Code and message; never the state, which may hold secrets.
    package var description: String {
        "\(code.rawValue): \(message)"
    }
}
