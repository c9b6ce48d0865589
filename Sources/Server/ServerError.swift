// SPDX-License-Identifier: Apache-2.0

/// Why the server cannot listen, with a remedy.
package struct ServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kept the server from listening.
    package enum Code: Hashable, Sendable {
        /// Another process listens on the address.
        case addressInUse
        /// This user may not listen on the port.
        case notPermitted
        /// The address is not one of this machine.
        case addressNotAvailable
        /// Anything else.
        case other
    }

    package let code: Code
    package let message: String
    package let remedy: String

    package init(_ code: Code, _ message: String, remedy: String) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    package var description: String { "\(message). \(remedy)" }
}
