// SPDX-License-Identifier: Apache-2.0

/// How a job ended.
package enum JobResult: Hashable, Sendable {
    case succeeded
    /// It failed for good. The message is for people.
    case failed(FailureCode, message: String)
    /// It was canceled on request.
    case canceled
}

/// The class of a failed execution, which decides about retries; the raw values are those of `error_code`.
package enum FailureCode: String, Sendable, Hashable, CaseIterable {
    /// The template or its parameters are wrong; a retry would fail again.
    case invalid = "INVALID"
    /// The network failed, or a service asked to slow down; a retry may succeed.
    case transient = "TRANSIENT"
    /// Capacity or quota is used up; wait before trying again.
    case capacity = "CAPACITY"
    /// A user canceled it.
    case canceled = "CANCELED"
    /// It exceeded its time limit or its no-output limit.
    case timedOut = "TIMED_OUT"
    /// This worker may not continue; another worker can.
    case interrupted = "INTERRUPTED"
    /// The plan of a claim replaces resources, and the policy forbids that. Nothing was changed.
    case replacementBlocked = "REPLACEMENT_BLOCKED"
    /// Anything else.
    case failed = "FAILED"
}

/// Why the queue ended a job without an execution; the raw values are those of `error_code`.
package enum QueueEnd: String, Sendable, Hashable, CaseIterable {
    /// Its worker was lost, and no attempts are left.
    case workerLost = "WORKER_LOST"
    /// No worker started it in time.
    case expired = "EXPIRED"
    /// Its workspace was removed by force.
    case abandoned = "ABANDONED"
    /// Its prebuild is no longer wanted.
    case superseded = "SUPERSEDED"
}
