// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

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
