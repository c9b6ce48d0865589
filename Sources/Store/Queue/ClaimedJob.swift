// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// A job as a worker has just claimed it.
package struct ClaimedJob: Hashable, Sendable {
    /// The job and its epoch: what each later write of this execution must match.
    package var held: HeldJob
    package var type: JobType
    package var provisioner: OpenEnum<ProvisionerType>
    package var jobClass: JobClass
    /// 1 for the first execution.
    package var attempt = 1
    package var maxAttempts = 3
    /// An earlier execution may have changed something that no checkpoint shows.
    package var refreshFirst = false
    /// When it became due and when it was claimed, by the database's clock.
    package var availableAt: Instant
    package var startedAt: Instant
    /// Nothing is to be done: such jobs measure the queue (`stoker bench queue`).
    package var isNoOp = false
    /// Trace context of whoever enqueued it, as JSON.
    package var trace: String?
    /// Where it stood in the queue; `nil` when it was not claimed from one.
    package var place: QueuePlace?

    /// The job's id.
    package var id: JobID { held.id }
    /// The epoch of this execution.
    package var epoch: Int64 { held.epoch }
    /// Whether another attempt may follow a failed one. The same as SQL says it in ``Store/takenBack(orFailing:)``.
    package var hasAttemptsLeft: Bool { attempt < maxAttempts }
}
