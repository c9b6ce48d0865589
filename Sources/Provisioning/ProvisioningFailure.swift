// SPDX-License-Identifier: Apache-2.0

package import Domain

/// Why an execution failed, and the state that it left.
package struct ProvisioningFailure: Error, Sendable, Hashable {
    package var code: FailureCode
    /// For people: what happened, where, and what to do about it.
    package var message: String
    /// The newest known state. Save it whatever the code; `nil` when no resource is known to exist.
    package var state: [UInt8]?
    package var replacements: [Replacement]
    /// Whether no change had begun: the workspace is as it was.
    package var isUntouched = false
    /// Whether the template exceeded a bound of ``ChildBounds``, as it would again.
    package var exceedsBound = false

    package init(
        _ code: FailureCode,
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
