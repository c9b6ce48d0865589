// SPDX-License-Identifier: Apache-2.0

/// Why the private cluster is not available, with a remedy for people.
package struct LocalPostgresError: Error, Hashable, Sendable {
    /// The kind of failure, for callers that act on it.
    package enum Code: Hashable, Sendable {
        /// No Postgres server is installed where it is looked for.
        case serverNotFound
        /// The data directory was made by a version that is not installed.
        case versionMismatch
        /// A directory cannot be made, reached or written by the user the server runs as.
        case directoryUnusable
        /// Running as root, and there is no unprivileged user to run the server as.
        case noUnprivilegedUser
        /// Another process has been starting or stopping this cluster for too long.
        case busy
        /// A tool of Postgres failed.
        case toolFailed
        /// A tool of Postgres did not end before its deadline.
        case deadlineExceeded
    }

    package let code: Code
    /// What happened, and where.
    package let message: String
    /// What to do about it.
    package let remedy: String

    package init(_ code: Code, _ message: String, remedy: String) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}

extension LocalPostgresError: CustomStringConvertible {
    package var description: String { "\(message). \(remedy)" }
}
