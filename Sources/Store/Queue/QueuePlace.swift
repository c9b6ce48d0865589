// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// A place in the queue: the order in which jobs are claimed.
package struct QueuePlace: Hashable, Sendable, Comparable {
    /// When the job became due (of a pool's job: ``PoolPlace``), minus ten minutes for each class above the lowest.
    package let order: Instant
    package let job: JobID

    package init(order: Instant, job: JobID) {
        self.order = order
        self.job = job
    }

    /// The place before all jobs.
    package static let front = QueuePlace(order: Instant(microseconds: .min), job: JobID(high: 0, low: 0))

    /// The place right before the first job of a notification on ``Channel/jobs``.
    package init(news payload: String) {
        self = Int64(payload).map { QueuePlace(order: Instant(microseconds: $0), job: Self.front.job) } ?? .front
    }

    /// Merges two notifications: the earlier place covers both.
    @Sendable static func earlier(_ one: String, _ other: String) -> String {
        QueuePlace(news: one) < QueuePlace(news: other) ? one : other
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.order == right.order ? left.job < right.job : left.order < right.order
    }
}
