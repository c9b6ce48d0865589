// SPDX-License-Identifier: Apache-2.0

/// Why an execution did not succeed, and what it left behind.
package struct ProvisioningFailure: Error, Sendable, Hashable {
    /// What kind of failure it is, so what may be done about it; the raw values are those of `error_code`.
    package enum Code: String, Sendable, Hashable, CaseIterable {
        /// The template or its parameters are wrong; trying again changes nothing.
        case invalid = "INVALID"
        /// The network, or a service that asked to slow down; trying again is worth it.
        case transient = "TRANSIENT"
        /// Capacity or quota is used up; wait before trying again.
        case capacity = "CAPACITY"
        /// Somebody asked for it to end.
        case canceled = "CANCELED"
        /// It ran, or was silent, for longer than allowed.
        case timedOut = "TIMED_OUT"
        /// This worker may not go on with it; another one can.
        case interrupted = "INTERRUPTED"
        /// The plan of a claim replaces resources, and the policy forbids that. Nothing was changed.
        case replacementBlocked = "REPLACEMENT_BLOCKED"
        /// Anything else.
        case failed = "FAILED"
    }

    package var code: Code
    /// For people: what happened, where, and what to do about it.
    package var message: String
    /// The newest state known. Save it whatever the code; `nil` when nothing is known to exist.
    package var state: [UInt8]?
    package var replacements: [Replacement]
    /// Whether nothing had been begun to be changed: the workspace is as it was.
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
    /// The failure with no more words than are kept of an error (``ChildBounds/textBytes``).
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
