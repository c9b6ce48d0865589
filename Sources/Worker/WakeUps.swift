// SPDX-License-Identifier: Apache-2.0

package import Domain
import Logging
package import PostgresClient
import ServiceLifecycle
package import Store

/// Turns notifications of the database into rings for the loops of this process.
///
/// Notifications only save time: every loop also looks by itself, and all are rung when some may have been lost.
package struct WakeUps: Service {
    package let jobs = Doorbell()
    let queueHint = QueueHint()
    package let reconcile = Doorbell()
    package let events = Doorbell()
    /// A command for this worker, or for all: cancel, drain, resume, maintenance.
    package let commands = Doorbell()

    private let listener: PostgresListener
    /// Whose commands are heard.
    private let worker: WorkerID?
    private let heard: @Sendable (ListenerEvent) -> Void

    /// The channels that a worker listens to.
    package static let channels = [
        Channel.jobs, Channel.reconcile, Channel.events, Channel.workers, Channel.claimed,
    ]

    /// - Parameter worker: Whose commands to hear, besides those for all; `nil`: everyone's.
    /// - Parameter heard: Told of everything that is heard, for who else in the process needs it: one session listens for
    ///   all. Must not block.
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
                    // Ends with `CancellationError` alone; every other failure is retried inside.
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
        case .notification(Channel.reconcile, _): reconcile.ring()
        case .notification(Channel.events, _): events.ring()
        case .notification(Channel.workers, let payload):
            if payload.isEmpty || worker == nil || WorkerID(payload) == worker { commands.ring() }
        case .notification: break
        case .listening, .reconnected:
            queueHint.tell(.front)
            for bell in [jobs, reconcile, events, commands] { bell.ring() }
        }
    }
}
