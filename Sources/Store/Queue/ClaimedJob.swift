// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// What a job is for; the raw values are the database's enum `provisioner_job_type`.
package enum JobType: String, Hashable, Sendable, Codable, CaseIterable {
    case templateVersionImport = "template_version_import"
    case workspaceBuild = "workspace_build"
}

/// A job as a worker has just claimed it.
package struct ClaimedJob: Hashable, Sendable {
    package let id: JobID
    /// Grows with every claim: the fence of every write of this execution.
    package let epoch: Int64
    package let type: JobType
    /// `terraform`, `process` or `echo`.
    package let provisioner: String
    package let jobClass: JobClass
    /// 1 for the first execution.
    package let attempt: Int
    package let maxAttempts: Int
    /// An earlier execution may have changed something that no checkpoint shows.
    package let refreshFirst: Bool
    /// When it became due and when it was claimed, by the database's clock.
    package let availableAt: Instant
    package let startedAt: Instant
    /// Nothing is to be done: such jobs measure the queue (`stoker bench queue`).
    package let isNoOp: Bool
    /// Trace context of whoever enqueued it, as JSON.
    package let trace: String?
    /// Where it stood in the queue; `nil` when it was not claimed from one.
    package let place: QueuePlace?

    package init(
        id: JobID,
        epoch: Int64,
        type: JobType,
        provisioner: String,
        jobClass: JobClass,
        attempt: Int = 1,
        maxAttempts: Int = 3,
        refreshFirst: Bool = false,
        availableAt: Instant,
        startedAt: Instant,
        isNoOp: Bool = false,
        trace: String? = nil,
        place: QueuePlace? = nil
    ) {
        self.id = id
        self.epoch = epoch
        self.type = type
        self.provisioner = provisioner
        self.jobClass = jobClass
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.refreshFirst = refreshFirst
        self.availableAt = availableAt
        self.startedAt = startedAt
        self.isNoOp = isNoOp
        self.trace = trace
        self.place = place
    }

    /// The job and its epoch: what each later write of this execution must match.
    package var held: HeldJob { HeldJob(id: id, epoch: epoch) }
    /// Whether a failure may be retried.
    package var hasAttemptsLeft: Bool { attempt < maxAttempts }
}

/// A place in the queue: jobs are claimed in this order.
package struct QueuePlace: Hashable, Sendable, Comparable {
    /// When the job became due, less ten minutes for each class above the lowest.
    package let order: Instant
    package let job: JobID

    package init(order: Instant, job: JobID) {
        self.order = order
        self.job = job
    }

    /// Before all that are in the queue.
    package static let front = QueuePlace(order: Instant(microseconds: .min), job: JobID(high: 0, low: 0))

    /// Right before the first of the jobs that a notification on ``Channel/jobs`` tells of.
    package init(news payload: String) {
        self = Int64(payload).map { QueuePlace(order: Instant(microseconds: $0), job: Self.front.job) } ?? .front
    }

    /// Of two pieces of news, the one that tells of both: that of the earlier place.
    @Sendable static func earlier(_ one: String, _ other: String) -> String {
        QueuePlace(news: one) < QueuePlace(news: other) ? one : other
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.order == right.order ? left.job < right.job : left.order < right.order
    }
}
