// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import ServiceLifecycle
import Store
import Synchronization
import Time

/// Takes the jobs of workers whose lease has ended, and ends jobs of pools that no worker has begun for too long. Every
/// worker looks; one at a time acts.
///
/// A reaper that has itself been without the database waits one lease first, from when the database answers again: the
/// others must have had the time to renew theirs, or an outage would become a mass reaping. It counts as having been
/// without it when nothing was answered for half a lease, whatever the reason: its process may have been frozen. And nobody
/// could renew a lease before the server was started.
struct Reaper: Service {
    /// What it asks of the store.
    struct Work: Sendable {
        /// Asks, with the time since the server was started, whether all are to be spared, when the database has answered.
        var reap: @Sendable (_ isSpared: @Sendable (Duration) -> Bool) async throws -> ReapedJobs
        var expire: @Sendable () async throws -> OverdueJobs
    }

    let work: Work
    let interval: Duration
    let lease: Duration
    var clock: any Clock<Duration> = ContinuousClock()
    let logger: Logger
    /// Called with what was taken from lost workers.
    var observe: @Sendable (ReapedJobs) -> Void = { _ in }

    func run() async throws {
        await cancelWhenGracefulShutdown { await loop(clock) }
    }

    /// Jobs wait for half an hour and more before they are given up.
    private static let expiryInterval = Duration.seconds(60)

    private func loop<C: Clock>(_ clock: C) async where C.Duration == Duration {
        let grace = OutageGrace(clock, lease: lease)
        var nextExpiry = clock.now
        var reported: Set<JobID> = []
        while !Task.isCancelled {
            do { try await clock.sleep(for: interval * Double.random(in: 0.8...1.2)) } catch { return }
            do {
                report(try await work.reap { grace.spares(uptime: $0) })
                guard grace.isOver, clock.now >= nextExpiry else { continue }
                nextExpiry = clock.now.advanced(by: Self.expiryInterval)
                report(try await work.expire(), &reported)
            } catch is CancellationError {
                return
            } catch {
                logger.warning("lost workers could not be looked for", metadata: ["error": "\(error)"])
            }
        }
    }

    /// When nobody is to be taken for lost yet.
    private final class OutageGrace<C: Clock>: Sendable where C.Duration == Duration {
        private struct State {
            var lastAnswer: C.Instant
            var spareUntil: C.Instant
        }

        private let clock: C
        private let lease: Duration
        private let state: Mutex<State>

        init(_ clock: C, lease: Duration) {
            self.clock = clock
            self.lease = lease
            // Nobody knows whether the others could reach the database before this one has begun to look.
            state = Mutex(State(lastAnswer: clock.now, spareUntil: clock.now.advanced(by: lease)))
        }

        var isOver: Bool { state.withLock { clock.now >= $0.spareUntil } }

        /// To be asked when the database has answered.
        ///
        /// - Parameter uptime: How long ago the server was started.
        func spares(uptime: Duration) -> Bool {
            let now = clock.now
            return state.withLock { state in
                if state.lastAnswer.duration(to: now) > lease / 2 { state.spareUntil = now.advanced(by: lease) }
                if uptime < lease { state.spareUntil = max(state.spareUntil, now.advanced(by: lease - uptime)) }
                state.lastAnswer = now
                return now < state.spareUntil
            }
        }
    }

    private func report(_ reaped: ReapedJobs) {
        observe(reaped)
        guard !reaped.workers.isEmpty || !reaped.requeued.isEmpty || !reaped.failed.isEmpty else { return }
        logger.warning(
            "workers were lost",
            metadata: [
                "workers": "\(reaped.workers)", "requeued": "\(reaped.requeued)", "ended": "\(reaped.failed)",
            ]
        )
    }

    private func report(_ overdue: OverdueJobs, _ reported: inout Set<JobID>) {
        if !overdue.expired.isEmpty {
            logger.warning(
                "jobs of pools were canceled: no worker has begun them",
                metadata: ["count": "\(overdue.expired.count)", "jobs": "\(overdue.expired.prefix(20))"]
            )
        }
        let news = overdue.waiting.filter { !reported.contains($0) }
        reported = Set(overdue.waiting)
        guard !news.isEmpty else { return }
        logger.warning(
            "jobs that somebody waits for have waited long; 'stoker jobs show' says why",
            metadata: ["jobs": "\(news)"]
        )
    }
}
