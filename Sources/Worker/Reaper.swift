// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import ServiceLifecycle
import Store
import Time

/// Reaps the jobs of workers whose lease has ended, and expires pool jobs that no worker has begun for too long. Every
/// worker tries; one at a time acts.
///
/// After an outage of the database, a reaper first waits for a whole lease, so that all workers can renew theirs and an
/// outage is no mass loss. There was an outage when no answer came for half a lease, whatever the reason (its process
/// may have been frozen), or when the server has just started.
struct Reaper: Service {
    /// The operations that it needs from the store.
    struct Work: Sendable {
        /// ``Store/serverUptime()``
        var uptime: @Sendable () async throws -> Duration
        /// ``Store/reapLostWorkers(ifUpFor:)``
        var reap: @Sendable (_ uptime: Duration) async throws -> ReapedJobs
        var expire: @Sendable () async throws -> OverdueJobs
    }

    let work: Work
    let interval: Duration
    let lease: Duration
    var clock: any Clock<Duration> = ContinuousClock()
    let logger: Logger
    /// Called with the jobs that were taken from lost workers.
    var observe: @Sendable (ReapedJobs) -> Void = { _ in }

    func run() async throws {
        await cancelWhenGracefulShutdown { await loop(clock) }
    }

    /// Jobs expire after half an hour, so a minute is often enough.
    private static let expiryInterval = Duration.seconds(60)

    private func loop<C: Clock>(_ clock: C) async where C.Duration == Duration {
        var grace = OutageGrace(lease: lease, at: clock.now)
        var nextExpiry = clock.now
        var reported: Set<JobID> = []
        while !Task.isCancelled {
            do { try await clock.sleep(for: interval * Double.random(in: 0.8...1.2)) } catch { return }
            do {
                let uptime = try await work.uptime()
                guard !grace.holds(uptime: uptime, at: clock.now) else { continue }
                report(try await work.reap(uptime))
                guard clock.now >= nextExpiry else { continue }
                nextExpiry = clock.now.advanced(by: Self.expiryInterval)
                report(try await work.expire(), &reported)
            } catch is CancellationError {
                return
            } catch {
                logger.warning("lost workers could not be reaped", metadata: ["error": "\(error)"])
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
                "pool jobs expired: no worker has begun them",
                metadata: ["count": "\(overdue.expired.count)", "jobs": "\(overdue.expired.prefix(20))"]
            )
        }
        let news = overdue.waiting.filter { !reported.contains($0) }
        reported = Set(overdue.waiting)
        guard !news.isEmpty else { return }
        logger.warning(
            "jobs of users have waited long; 'stoker jobs show' says why",
            metadata: ["jobs": "\(news)"]
        )
    }
}

/// The time in which no worker may be declared lost.
private struct OutageGrace<Moment: InstantProtocol> where Moment.Duration == Duration {
    private let lease: Duration
    private var lastAnswer: Moment
    private var end: Moment

    /// Whether the others could reach the database before this one started is unknown, so a grace begins.
    init(lease: Duration, at now: Moment) {
        self.lease = lease
        lastAnswer = now
        end = now.advanced(by: lease)
    }

    /// Call it when the database has answered.
    ///
    /// - Parameter uptime: How long ago the server was started.
    mutating func holds(uptime: Duration, at now: Moment) -> Bool {
        if lastAnswer.duration(to: now) > lease / 2 { end = now.advanced(by: lease) }
        if uptime < lease { end = max(end, now.advanced(by: lease - uptime)) }
        lastAnswer = now
        return now < end
    }
}
