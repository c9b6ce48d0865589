// SPDX-License-Identifier: Apache-2.0

package import Basics
package import CurlClient
package import Domain
package import Logging
import ServiceLifecycle
package import Store
import Time
import Tracing

/// Makes deliveries from events and sends the due ones: at least once, and never for a change that was rolled back.
/// Every worker does this; a lease prevents two workers from sending the same delivery at the same time.
package struct Deliverer: Service {
    let store: Store
    let logger: Logger
    private let worker: WorkerID
    private let client: HTTPClient
    private let bell: Doorbell
    private let sealing: StateSealing
    private let lanes: DeliveryLanes
    private let recorder: AttemptRecorder

    private static let lease = Duration.seconds(60)
    /// An attempt must end within the lease: the client's time-out, and time to record the result.
    private static let attemptTime = Duration.seconds(20)
    /// How many deliveries a worker holds.
    private static let mostInHand = 512
    /// How many deliveries are leased at first of an endpoint whose pace is unknown.
    private static let firstHand = 16
    private static let shortestPoll = Duration.seconds(1)
    private static let longestPoll = Duration.seconds(5)

    /// - Parameter sealing: How the endpoints' secrets are encrypted in the database.
    /// - Parameter observe: Called after every recorded attempt.
    package init(
        store: Store,
        worker: WorkerID,
        client: HTTPClient,
        bell: Doorbell,
        sealing: StateSealing = .none,
        logger: Logger,
        observe: @escaping @Sendable (DeliveryAttempt) -> Void = { _ in }
    ) {
        self.store = store
        self.worker = worker
        self.client = client
        self.bell = bell
        self.sealing = sealing
        self.logger = logger
        let lanes = DeliveryLanes(time: (Self.lease - Self.attemptTime) / 2)
        self.lanes = lanes
        recorder = AttemptRecorder(store: store, worker: worker, logger: logger) { attempts, recorded in
            for endpoint in recorded.spared { lanes.clear(endpoint) }
            for attempt in attempts {
                if recorded.deliveries.contains(attempt.delivery.id) { observe(attempt) }
                if attempt.hasFailed { lanes.leave(attempt.delivery.endpoint.id, after: attempt.latency) }
            }
            // There is room for more deliveries.
            bell.ring()
        }
    }

    package func run() async throws {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                await withDiscardingTaskGroup { group in
                    group.addTask { await recorder.run() }
                    await withDiscardingTaskGroup { await send(in: &$0) }
                    recorder.finish()
                }
                client.close()
            } onGracefulShutdown: {
                bell.ring()
            }
        } onCancel: {
            lanes.clear()
        }
    }

    private func send(in group: inout DiscardingTaskGroup) async {
        var poll = Self.shortestPoll
        var isRung = true
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            // Events are announced by notifications: without one, a turn only looks whether there are some.
            let found = await turn(in: &group, dispatching: isRung)
            poll = found ? Self.shortestPoll : min(poll * 2, Self.longestPoll)
            isRung = await bell.wait(atMost: poll * Double.random(in: 0.8...1.2))
        }
        // Events of this worker's last jobs are sent now, if that is fast, or by another worker.
        _ = await turn(in: &group)
        lanes.clear()
    }

    /// Dispatches and leases once, and schedules another turn when there may be more; returns whether there was
    /// anything.
    private func turn(in group: inout DiscardingTaskGroup, dispatching: Bool = true) async -> Bool {
        do {
            let dispatched = dispatching ? try await dispatch() : 0
            let (leased, hasEvents) = try await lease()
            for delivery in leased {
                lanes.take(delivery.endpoint.id, limit: delivery.endpoint.maximumConcurrency)
                let takenAt = ContinuousClock.now
                group.addTask { await attempt(delivery, takenAt: takenAt) }
            }
            if dispatched == Self.eventBatch || hasEvents && !dispatching { bell.ring() }
            return dispatched > 0 || !leased.isEmpty
        } catch {
            logger.warning("deliveries could not be dispatched or leased", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func lease() async throws -> (leased: [LeasedDelivery], hasEvents: Bool) {
        let free = Self.mostInHand - lanes.count
        guard free > 0 else { return ([], false) }
        return try await store.lookForDeliveries(
            for: worker,
            limit: free,
            lease: Self.lease,
            room: lanes.room,
            roomElsewhere: Self.firstHand
        )
    }

    private func attempt(_ delivery: LeasedDelivery, takenAt: ContinuousClock.Instant) async {
        let endpoint = delivery.endpoint.id
        guard await lanes.enter(endpoint) else {
            lanes.drop(endpoint)
            return recorder.add(DeliveryAttempt(of: delivery, .handBack))
        }
        let waited = takenAt.duration(to: .now)
        guard waited < Self.lease - Self.attemptTime else {
            lanes.leave(endpoint, after: nil)
            return recorder.add(DeliveryAttempt(of: delivery, .handBack))
        }
        let attempt = await withSpan("deliver", ofKind: .client) { span in
            let attempt = await delivery.attempt(by: client, at: delivery.leasedAt + waited, sealing: sealing)
            span.attributes["stoker.delivery.id"] = "\(delivery.id)"
            span.attributes["stoker.endpoint.id"] = "\(endpoint)"
            span.attributes["stoker.attempt"] = delivery.attempt
            if attempt.outcome != .delivered {
                span.setStatus(SpanStatus(code: .error, message: attempt.errorClass))
            }
            return attempt
        }
        // After a failure, the next one waits until the circuit breaker has decided.
        if !attempt.hasFailed { lanes.leave(endpoint, after: attempt.latency) }
        recorder.add(attempt)
    }
}

extension DeliveryAttempt {
    fileprivate var hasFailed: Bool { outcome != .delivered && outcome != .handBack }
}
