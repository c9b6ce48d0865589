// SPDX-License-Identifier: Apache-2.0

/// Where a job stands; the raw values are the database's enum `provisioner_job_status`.
///
/// The database derives it from the job's columns (V0004), and nothing else does: `hasEnded` is its `completed_at IS NOT NULL`.
package enum JobStatus: String, CaseIterable, Codable, Sendable {
    case pending, running, succeeded, canceling, canceled, failed

    /// Whether nothing more happens to the job, unless somebody tries it again.
    package var hasEnded: Bool {
        switch self {
        case .succeeded, .canceled, .failed: true
        case .pending, .running, .canceling: false
        }
    }

    /// Whether a worker has the job in hand.
    package var isRunning: Bool { self == .running || self == .canceling }

    /// Whether the job may be tried again.
    package var isRetriable: Bool { self == .failed || self == .canceled }
}
