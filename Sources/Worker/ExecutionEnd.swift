// SPDX-License-Identifier: Apache-2.0

import Domain

/// The end of an execution; the raw values are its names in metrics, traces and logs.
package enum ExecutionEnd: String, Sendable, CaseIterable {
    case succeeded, failed, canceled
    /// The job waits for another worker, because this one drains or its lease expires.
    case handedOver = "handed_over"
    /// The job waits for its next attempt.
    case retried
    /// The job waits until capacity is available.
    case held
    /// The claim was refused, and the job builds a new workspace.
    case rebuilt
    /// Another execution holds the job by now, or the lease ended before the end was recorded.
    case lost
    /// The end could not be recorded in the database.
    case unrecorded

    init(_ result: JobResult) {
        switch result {
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .canceled: self = .canceled
        }
    }
}
