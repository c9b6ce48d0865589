// SPDX-License-Identifier: Apache-2.0

/// The status of a job; the raw values are the database's enum `provisioner_job_status`.
///
/// Only the database derives it, from the job's columns (V0004). Stoker ends a job with `completed_at` and nothing else, so
/// `hasEnded` is `completed_at IS NOT NULL`; an error without it, which others may write, counts as failed, too.
package enum JobStatus: String, CaseIterable, Codable, Sendable {
    case pending, running, succeeded, canceling, canceled, failed

    /// Whether the job has ended. Only a retry by command can start it again.
    package var hasEnded: Bool {
        switch self {
        case .succeeded, .canceled, .failed: true
        case .pending, .running, .canceling: false
        }
    }

    /// Whether a worker holds the job.
    package var isRunning: Bool { self == .running || self == .canceling }

    /// Whether the job may be retried by command.
    package var isRetriable: Bool { self == .failed || self == .canceled }
}
