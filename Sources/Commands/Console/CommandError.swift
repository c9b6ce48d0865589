// SPDX-License-Identifier: Apache-2.0

/// Why a command did not do what it was asked for, where no other room's error says it.
struct CommandError: Error, Hashable, Sendable, CustomStringConvertible {
    let status: ExitMeaning
    /// What happened, and where.
    let message: String
    /// What to do about it; empty when the message says it.
    let remedy: String

    init(_ status: ExitMeaning, _ message: String, remedy: String = "") {
        self.status = status
        self.message = message
        self.remedy = remedy
    }

    /// A plain failure.
    init(_ message: String, remedy: String = "") {
        self.init(.failure, message, remedy: remedy)
    }

    /// Messages of others may end with a stop of their own.
    var description: String {
        remedy.isEmpty ? message : message + (message.hasSuffix(".") ? " " : ". ") + remedy
    }
}
