// SPDX-License-Identifier: Apache-2.0

/// Why a command failed, when no other room's error fits.
struct CommandError: Error, Hashable, Sendable, CustomStringConvertible {
    let status: ExitMeaning
    /// What happened, and where.
    let message: String
    /// The remedy; empty when the message contains it.
    let remedy: String

    init(_ status: ExitMeaning, _ message: String, remedy: String = "") {
        self.status = status
        self.message = message
        self.remedy = remedy
    }

    /// An error with the exit code of a failure.
    init(_ message: String, remedy: String = "") {
        self.init(.failure, message, remedy: remedy)
    }

    /// Messages of other rooms may end with a full stop already.
    var description: String {
        remedy.isEmpty ? message : message + (message.hasSuffix(".") ? " " : ". ") + remedy
    }
}
