// SPDX-License-Identifier: Apache-2.0

package import Domain

/// Why the store refused a request, with a message for people.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of refusal. Commands turn it into an exit code, the API into a problem type.
    package enum Code: String, Hashable, Sendable {
        /// Nothing of that name or id exists.
        case notFound = "not_found"
        /// Something of that name exists already.
        case nameTaken = "name_taken"
        /// The template of that name was deleted.
        case deleted
        /// The request is invalid.
        case invalid
        /// The current state does not allow it.
        case conflict
        /// The execution no longer holds the job: it was canceled, finished, or given to another worker.
        case leaseLost = "lease_lost"
        /// The database's schema does not fit this program.
        case schema
        /// An assumption of the program was wrong.
        case inconsistent
    }

    package let code: Code
    package let message: String
    /// The remedy; empty when the message contains it.
    package let remedy: String
    /// The name that nothing has; `nil` for other errors, and where nothing can be suggested.
    package let missing: Missing?

    package init(_ code: Code, _ message: String, remedy: String = "", missing: Missing? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
        self.missing = missing
    }

    package var description: String {
        remedy.isEmpty ? message : "\(message). \(remedy)"
    }

    static func notFound(_ kind: String, _ name: String, remedy: String = "") -> Self {
        Self(.notFound, "There is no \(kind) '\(name)'", remedy: remedy, missing: Missing(kind, name))
    }

    /// The write of an execution that no longer holds its job: another has it, or it has ended.
    package static func leaseLost(_ job: JobID) -> Self {
        Self(.leaseLost, "Job \(job) is no longer held by this execution")
    }

    static func internalInconsistency(_ what: String) -> Self {
        Self(.inconsistent, "Unexpected answer of the database: \(what)", remedy: "Please report this.")
    }
}
