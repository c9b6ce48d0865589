// SPDX-License-Identifier: Apache-2.0

package import Basics
package import Domain
import Logging
package import PostgresClient
import ServiceLifecycle
import Store

/// Turns notifications of the database into wake-ups of this process's loops.
///
/// Notifications only save time: every loop also polls, and all are woken when notifications may have been lost.
package struct WakeUps: Service {
    package let jobs = Doorbell()
    let queueHint = QueueHint()
    package let reconcile = Doorbell()
    /// What ``reconcile`` has rung for.
    package let changedPools = ChangedPools()
    package let events = Doorbell()
    /// A command for this worker, or for all: cancel, drain, resume, maintenance.
    package let commands = Doorbell()

    private let listener: PostgresListener
    /// Whose commands are passed on.
    private let worker: WorkerID?
    private let heard: @Sendable (ListenerEvent) -> Void

    /// The channels that a worker listens to.
    package static let channels = [
        Channel.jobs, Channel.reconcile, Channel.events, Channel.workers, Channel.claimed,
    ]

    /// - Parameter worker: The worker whose commands are passed on, besides those for all; `nil` for everyone's.
    /// - Parameter heard: Called with every event, for other parts of the process, because one session listens for all.
    ///   Must not block.
    package init(
        listener: PostgresListener,
        worker: WorkerID? = nil,
        heard: @escaping @Sendable (ListenerEvent) -> Void = { _ in }
    ) {
        self.listener = listener
        self.worker = worker
        self.heard = heard
    }

    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await cancelWhenGracefulShutdown {
                    // It ends only with `CancellationError`; it retries every other failure itself.
                    try? await listener.run()
                }
            }
            group.addTask {
                for await event in listener.events {
                    ring(for: event)
                    heard(event)
                }
            }
            try await group.waitForAll()
        }
    }

    private func ring(for event: ListenerEvent) {
        switch event {
        case .notification(Channel.jobs, let payload):
            queueHint.tell(QueuePlace(news: payload))
            jobs.ring()
        case .notification(Channel.reconcile, let payload):
            changedPools.tell(payload)
            reconcile.ring()
        case .notification(Channel.events, _): events.ring()
        case .notification(Channel.workers, let payload):
            if payload.isEmpty || worker == nil || WorkerID(payload) == worker { commands.ring() }
        case .notification: break
        case .listening, .reconnected:
            queueHint.tell(.front)
            changedPools.tell("")
            for bell in [jobs, reconcile, events, commands] { bell.ring() }
        }
    }
}
