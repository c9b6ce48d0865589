// SPDX-License-Identifier: Apache-2.0

import Basics
package import Domain
package import Logging
package import Store
import Synchronization
import Webhooks

/// Records all attempts that have ended since the last time in one transaction, so that many share one commit, and the
/// endpoint's row is locked once.
package struct AttemptRecorder: Sendable {
    let store: Store
    let worker: WorkerID
    let logger: Logger
    /// Called with every batch and the part of it that was recorded.
    let done: @Sendable ([DeliveryAttempt], Recorded) -> Void

    private let backlog = Backlog()

    /// The result of recording a batch of attempts.
    package struct Recorded: Hashable, Sendable {
        /// The deliveries whose lease still held.
        package var deliveries: Set<DeliveryID>
        /// Endpoints that get nothing for now: disabled, or with an open circuit.
        package var spared: Set<EndpointID> = []

        package init(deliveries: Set<DeliveryID> = []) {
            self.deliveries = deliveries
        }
    }

    package init(
        store: Store,
        worker: WorkerID,
        logger: Logger,
        done: @escaping @Sendable ([DeliveryAttempt], Recorded) -> Void = { _, _ in }
    ) {
        self.store = store
        self.worker = worker
        self.logger = logger
        self.done = done
    }

    private final class Backlog: Sendable {
        let bell = Doorbell()
        let state = Mutex<(attempts: [DeliveryAttempt], isLast: Bool)>(([], false))
    }

    func add(_ attempt: DeliveryAttempt) {
        backlog.state.withLock { $0.attempts.append(attempt) }
        backlog.bell.ring()
    }

    /// Ends the recording: ``run()`` returns when everything is recorded.
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
                await settle(batch)
            } else if isLast || Task.isCancelled {
                return
            } else {
                await backlog.bell.wait()
            }
        }
    }

    private func settle(_ batch: [DeliveryAttempt]) async {
        do {
            done(batch, try await record(batch))
        } catch  where batch.count > 1 {
            // One attempt that cannot be written must not fail the others.
            for attempt in batch { await settle([attempt]) }
        } catch {
            // The lease ends, and the delivery is sent again with the same id.
            logger.warning(
                "an attempt could not be recorded",
                metadata: ["delivery.id": "\(batch[0].delivery.id)", "error": "\(error)"]
            )
            done(batch, Recorded())
        }
    }

    /// Writes the attempts, updates the health of their endpoints, and commits, in one transaction.
    package func record(_ attempts: [DeliveryAttempt]) async throws -> Recorded {
        try await store.recordingAttempts { recording in
            let written = try await recording.write(attempts, by: worker)
            var recorded = Recorded(deliveries: written.deliveries)
            var changed: [Endpoint] = []
            var disabled: [Endpoint] = []
            let made = attempts.filter { written.deliveries.contains($0.delivery.id) }
            for before in written.endpoints {
                let mine = made.filter { $0.delivery.endpoint.id == before.id }
                guard !mine.isEmpty else { continue }
                var endpoint = before
                for attempt in mine { endpoint.health.record(attempt, at: written.now) }
                if endpoint != before { changed.append(endpoint) }
                if before.isEnabled, !endpoint.isEnabled { disabled.append(endpoint) }
                if endpoint.health.isSpared { recorded.spared.insert(endpoint.id) }
            }
            try await recording.commit(changed: changed, disabled: disabled)
            return recorded
        }
    }
}
