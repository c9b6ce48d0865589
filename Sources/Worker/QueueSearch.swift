// SPDX-License-Identifier: Apache-2.0

import Domain
import Store

/// Decides where and when a worker reads the queue.
///
/// A claim reads every entry of the queue's index that was claimed and not yet vacuumed: all of them, while some
/// transaction stays open. So each claim continues where the last one ended
/// (Documentation/Decisions/0017-queue-place.md). A job that comes to stand before that place, such as an interactive
/// one or one that was handed back, is found by the place in its notification; and once a second from the front, in
/// case a notification was lost.
struct QueueSearch {
    /// Jobs without work, to be finished with the next claim.
    var done: [HeldJob] = []

    private var place: QueuePlace?
    /// A hint that has not led to a job yet.
    private var unheeded: QueuePlace?
    private var nextLookBack: ContinuousClock.Instant?
    /// Whether the last claim has skipped the front.
    private var hasSkipped = false
    private var poll = shortestPause

    static let shortestPause = Duration.seconds(1)
    static let longestPause = Duration.seconds(5)
    /// Reading from the front takes at most a tenth of the time.
    private static let pausePerCost = 10

    /// The place from which the next claim reads; `nil`: from the front.
    ///
    /// - Parameter hint: The place from which new jobs were announced.
    mutating func start(now: ContinuousClock.Instant, hint: QueuePlace?) -> QueuePlace? {
        let hint = [hint, unheeded].compactMap(\.self).min()
        unheeded = nil
        guard let place, let nextLookBack, now < nextLookBack, hint != .front else { return nil }
        return min(place, hint ?? place)
    }

    /// The claim from `start` has failed. If the database did not answer in time because there is too much to read, the
    /// front can wait; an announced place is read again.
    mutating func fail(from start: QueuePlace?, began: ContinuousClock.Instant, ended: ContinuousClock.Instant) {
        if start == nil { postpone(began, ended) } else { unheeded = start }
    }

    private mutating func postpone(_ began: ContinuousClock.Instant, _ ended: ContinuousClock.Instant) {
        nextLookBack = ended + max(Self.shortestPause, began.duration(to: ended) * Self.pausePerCost)
    }

    /// Records the result of the claim from `start`.
    ///
    /// - Parameter isFull: Whether there may be more right behind the last job.
    mutating func advance(
        past jobs: [ClaimedJob],
        from start: QueuePlace?,
        isFull: Bool,
        began: ContinuousClock.Instant,
        ended: ContinuousClock.Instant
    ) {
        hasSkipped = start != nil
        if start == nil { postpone(began, ended) }
        guard let last = jobs.compactMap(\.place).max() else { return }
        place = isFull ? last : max(place ?? last, last)
    }

    /// The time until the next poll: a second, and longer while nothing is found.
    mutating func pause(hasFound: Bool, now: ContinuousClock.Instant) -> Duration {
        poll = hasFound ? Self.shortestPause : min(poll * 2, Self.longestPause)
        let pause = poll * Double.random(in: 0.8...1.2)
        guard hasSkipped, let nextLookBack else { return pause }
        return min(pause, max(now.duration(to: nextLookBack), .zero))
    }
}
