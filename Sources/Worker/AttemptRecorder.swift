// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import Store
import Synchronization
import Time
import Webhooks

/// Records attempts, all that have ended since the last time in one transaction: one commit for many, and the endpoint's
/// row locked once.
struct AttemptRecorder: Sendable {
    let store: Store
    let worker: WorkerID
    let logger: Logger
    /// Called with every batch, and with what was recorded of it.
    let done: @Sendable ([FinishedAttempt], RecordedAttempts) -> Void

    private let backlog = Backlog()

    init(
        store: Store,
        worker: WorkerID,
        logger: Logger,
        done: @escaping @Sendable ([FinishedAttempt], RecordedAttempts) -> Void
    ) {
        self.store = store
        self.worker = worker
        self.logger = logger
        self.done = done
    }

    private final class Backlog: Sendable {
        let bell = Doorbell()
        let state = Mutex<(attempts: [FinishedAttempt], isLast: Bool)>(([], false))
    }

    func add(_ attempt: FinishedAttempt) {
        backlog.state.withLock { $0.attempts.append(attempt) }
        backlog.bell.ring()
    }

    /// Nothing is added any more: ``run()`` returns when all is recorded.
    func finish() {
        backlog.state.withLock { $0.isLast = true }
        backlog.bell.ring()
    }

    func run() async {
        while true {
            let (batch, isLast) = backlog.state.withLock { state in
                let batch = state.attempts
                state.attempts = []
                return (batch, state.isLast)
            }
            if !batch.isEmpty {
                await record(batch)
            } else if isLast || Task.isCancelled {
                return
            } else {
                await backlog.bell.wait()
            }
        }
    }

    private func record(_ batch: [FinishedAttempt]) async {
        do {
            let result = try await store.recordAttempts(batch, by: worker) { health, finished, now in
                health.judged(finished, now: now)
            }
            done(batch, result)
        } catch  where batch.count > 1 {
            // One that cannot be written must not take the others with it.
            for finished in batch { await record([finished]) }
        } catch {
            // The lease ends, and the delivery is made again with the same id.
            logger.warning(
                "an attempt could not be recorded",
                metadata: ["delivery.id": "\(batch[0].delivery.id)", "error": "\(error)"]
            )
            done(batch, RecordedAttempts())
        }
    }
}

extension EndpointHealth {
    /// What an attempt means for the endpoint (`Webhooks.CircuitBreaker`).
    func judged(_ finished: FinishedAttempt, now: Instant) -> EndpointHealth {
        let (delivery, attempt) = (finished.delivery, finished.attempt)
        let succeeded = attempt.status == "sent"
        // A trial is the operator's own affair, until it succeeds: then the endpoint is well again.
        if delivery.isTrial && !succeeded { return self }
        var breaker = CircuitBreaker(
            consecutiveFailures: consecutiveFailures,
            failingSince: failingSince,
            openedAt: openedAt,
            nextProbeAt: nextProbeAt,
            probeAttempt: probeAttempt
        )
        var judged = self
        if succeeded {
            _ = breaker.recordSuccess()
            if delivery.isTrial {
                judged.isEnabled = true
                judged.disabledReason = ""
            }
        } else if breaker.recordFailure(at: now, started: delivery.now) == .disable {
            judged.disable("nothing was delivered since \(breaker.failingSince.map { "\($0)" } ?? "long ago")")
        }
        if attempt.disablesEndpoint { judged.disable("it answered 410 Gone") }
        judged.consecutiveFailures = breaker.consecutiveFailures
        judged.failingSince = breaker.failingSince
        judged.openedAt = breaker.openedAt
        judged.nextProbeAt = breaker.nextProbeAt
        judged.probeAttempt = breaker.probeAttempt
        return judged
    }

    private mutating func disable(_ reason: String) {
        guard isEnabled else { return }
        isEnabled = false
        disabledReason = reason
    }
}
