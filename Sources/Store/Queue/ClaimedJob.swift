// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// A job that a worker has just claimed.
package struct ClaimedJob: Hashable, Sendable {
    /// The job and its epoch: what each later write of this execution must match.
    package var held: HeldJob
    package var type: JobType
    package var provisioner: OpenEnum<ProvisionerType>
    package var jobClass: JobClass
    /// 1 for the first execution.
    package var attempt = 1
    package var maxAttempts = 3
    /// Whether an earlier execution may have changed something that no checkpoint shows.
    package var refreshFirst = false
    /// Since when it waited, and when it was claimed, by the database's clock.
    package var availableAt: Instant
    package var startedAt: Instant
    /// Whether the job does nothing: such jobs measure the queue (`stoker bench queue`).
    package var isNoOp = false
    /// The trace context of the transaction that enqueued the job, as JSON.
    package var trace: String?
    /// The job's place in the queue; `nil` when it was not claimed from it.
    package var place: QueuePlace?

    /// The job's id.
    package var id: JobID { held.id }
    /// The epoch of this execution.
    package var epoch: Int64 { held.epoch }
    /// Whether another attempt may follow a failed one. ``Store/takenBack(orFailing:)`` is the same rule in SQL.
    package var hasAttemptsLeft: Bool { attempt < maxAttempts }
}
