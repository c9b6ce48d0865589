// SPDX-License-Identifier: Apache-2.0

import Domain

/// What came of an execution; the raw values are what metrics, traces and logs call it.
package enum ExecutionEnd: String, Sendable, CaseIterable {
    case succeeded, failed, canceled
    /// The job waits for another worker: this one drains, or its lease ends.
    case handedOver = "handed_over"
    /// The job waits for its next attempt.
    case retried
    /// The job waits until there is room for it.
    case held
    /// The claim was refused, and the job builds a new workspace.
    case rebuilt
    /// The job is another execution's by now.
    case lost
    /// The database could not be told.
    case unrecorded

    init(_ result: JobResult) {
        switch result {
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .canceled: self = .canceled
        }
    }
}
