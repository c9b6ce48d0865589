// SPDX-License-Identifier: Apache-2.0

import Domain
import Store

/// Where and when a worker looks for jobs.
///
/// A claim walks over every entry of the queue's index that was claimed and not yet vacuumed: over all of them, for as long
/// as some transaction is held open. So each claim goes on where the last one ended. What has come to stand before that
/// place, such as a job that a person waits for or one that was handed back, is looked for where the news of it says that it
/// stands; and once a second from the front, should news have been lost.
struct QueueSearch {
    /// Jobs that needed no doing, to be finished with the next claim.
    var done: [HeldJob] = []

    private var place: QueuePlace?
    /// A hint that led to nothing yet.
    private var unheeded: QueuePlace?
    private var nextLookBack: ContinuousClock.Instant?
    /// The last claim has not looked at the front.
    private var hasSkipped = false
    private var poll = shortestPause

    static let shortestPause = Duration.seconds(1)
    static let longestPause = Duration.seconds(5)
    /// Looking from the front takes no more than a tenth of the time, however much there is to walk over.
    private static let pausePerCost = 10

    /// Behind which place the claim that begins now looks; `nil`: from the front.
    ///
    /// - Parameter hint: From where on jobs are said to have come.
    mutating func start(now: ContinuousClock.Instant, hint: QueuePlace?) -> QueuePlace? {
        let hint = [hint, unheeded].compactMap(\.self).min()
        unheeded = nil
        guard let place, let nextLookBack, now < nextLookBack, hint != .front else { return nil }
        return min(place, hint ?? place)
    }

    /// The claim from `start` has failed. Where the database did not answer in time, because there is so much to walk over,
    /// the front can wait; what it was looking for elsewhere is looked for again.
    mutating func fail(from start: QueuePlace?, began: ContinuousClock.Instant, ended: ContinuousClock.Instant) {
        if start == nil { postpone(began, ended) } else { unheeded = start }
    }

    private mutating func postpone(_ began: ContinuousClock.Instant, _ ended: ContinuousClock.Instant) {
        nextLookBack = ended + max(Self.shortestPause, began.duration(to: ended) * Self.pausePerCost)
    }

    /// Learns what the claim from `start` brought.
    ///
    /// - Parameter isFull: There may be more right behind the last of the jobs.
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

    /// For how long nobody needs to look, unless rung: from one second on, longer while nothing is found.
    mutating func pause(hasFound: Bool, now: ContinuousClock.Instant) -> Duration {
        poll = hasFound ? Self.shortestPause : min(poll * 2, Self.longestPause)
        let pause = poll * Double.random(in: 0.8...1.2)
        guard hasSkipped, let nextLookBack else { return pause }
        return min(pause, max(now.duration(to: nextLookBack), .zero))
    }
}
