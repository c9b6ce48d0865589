// SPDX-License-Identifier: Apache-2.0

import Basics
package import CurlClient
package import Domain
package import Logging
import ServiceLifecycle
package import Store
import Time
import Tracing
package import Webhooks

/// Makes deliveries of events and sends those that are due: at least once, never for a change that was rolled back
///. Any worker does it; a lease keeps two from sending the same at the same time.
package struct Deliverer: Service {
    private let store: Store
    private let worker: WorkerID
    private let client: HTTPClient
    private let bell: Doorbell
    private let sealing: StateSealing
    private let logger: Logger
    private let lanes: DeliveryLanes
    private let recorder: AttemptRecorder

    private static let lease = Duration.seconds(60)
    /// Nothing is sent that may still be on its way when its lease ends: the client's time-out, and time to record it.
    private static let attemptTime = Duration.seconds(20)
    private static let eventBatch = 250
    /// How many deliveries a worker has in hand.
    private static let mostInHand = 512
    /// How many are taken at first of an endpoint whose pace is not known.
    private static let firstHand = 16
    private static let shortestPoll = Duration.seconds(1)
    private static let longestPoll = Duration.seconds(5)

    /// - Parameter sealing: How the endpoints' secrets are kept in the database.
    /// - Parameter observe: Called after every attempt that was recorded.
    package init(
        store: Store,
        worker: WorkerID,
        client: HTTPClient,
        bell: Doorbell,
        sealing: StateSealing = .none,
        logger: Logger,
        observe: @escaping @Sendable (LeasedDelivery, DeliveryAttempt) -> Void = { _, _ in }
    ) {
        self.store = store
        self.worker = worker
        self.client = client
        self.bell = bell
        self.sealing = sealing
        self.logger = logger
        let lanes = DeliveryLanes(time: (Self.lease - Self.attemptTime) / 2)
        self.lanes = lanes
        recorder = AttemptRecorder(store: store, worker: worker, logger: logger) { attempts, result in
            for endpoint in result.spared { lanes.clear(endpoint) }
            for finished in attempts {
                if result.recorded.contains(finished.delivery.id) { observe(finished.delivery, finished.attempt) }
                if finished.hasFailed { lanes.leave(finished.delivery.endpoint.id, after: finished.attempt.latency) }
            }
            // There is room for more.
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
        var turns = 0
        while !Task.isCancelled, !Task.isShuttingDownGracefully {
            // Events are told of: without a ring, every other look for them is enough.
            let found = await turn(in: &group, dispatching: isRung || turns.isMultiple(of: 2))
            turns += 1
            poll = found ? Self.shortestPoll : min(poll * 2, Self.longestPoll)
            isRung = await bell.wait(atMost: poll * Double.random(in: 0.8...1.2))
        }
        // What the last jobs of this worker caused is sent by it, if it goes quickly, or by another.
        _ = await turn(in: &group)
        lanes.clear()
    }

    /// Dispatches and leases once, and rings for another turn when there may be more; returns whether there was anything.
    private func turn(in group: inout DiscardingTaskGroup, dispatching: Bool = true) async -> Bool {
        do {
            let dispatched =
                dispatching
                ? try await store.dispatchEvents(limit: Self.eventBatch) { event, endpoints in
                    endpoints.flatMap { deliveries(of: event, to: $0) }
                } : 0
            let free = Self.mostInHand - lanes.count
            let leased =
                free > 0
                ? try await store.leaseDeliveries(
                    for: worker,
                    limit: free,
                    lease: Self.lease,
                    room: lanes.room,
                    roomElsewhere: Self.firstHand
                ) : []
            for delivery in leased {
                lanes.take(delivery.endpoint.id, limit: delivery.endpoint.maximumConcurrency)
                let leasedAt = ContinuousClock.now
                group.addTask { await attempt(delivery, leasedAt: leasedAt) }
            }
            if dispatched == Self.eventBatch { bell.ring() }
            return dispatched > 0 || !leased.isEmpty
        } catch {
            logger.warning("deliveries could not be taken", metadata: ["error": "\(error)"])
            return false
        }
    }
}

// MARK: - From events to requests

extension Deliverer {
    /// The requests by which an endpoint hears of an event.
    package static func deliveries(of event: Event, to endpoint: Endpoint) -> [NewDelivery] {
        let envelope = Envelope(rawValue: endpoint.envelope) ?? .standard
        return envelope.messages(for: event).map {
            NewDelivery(
                id: $0.id,
                endpointID: endpoint.id,
                recipientID: $0.recipient,
                body: $0.body,
                contentType: $0.contentType
            )
        }
    }

    private func deliveries(of stored: NotificationEvent, to endpoint: Endpoint) -> [NewDelivery] {
        do {
            return Self.deliveries(of: try Event(stored), to: endpoint)
        } catch {
            // It must neither hold up all others nor be lost: it is sent without its particulars.
            logger.error("an event's data cannot be read", metadata: ["event.id": "\(stored.id)", "error": "\(error)"])
            return Self.deliveries(of: Event(stored, data: [:]), to: endpoint)
        }
    }
}

extension Event {
    package init(_ stored: NotificationEvent) throws {
        guard let data = try JSON(parsing: stored.data).members else {
            throw StoreError(.inconsistent, "The data of event \(stored.id) is no JSON object")
        }
        self.init(stored, data: data)
    }

    fileprivate init(_ stored: NotificationEvent, data: [String: JSON]) {
        self.init(
            id: stored.id,
            type: stored.type,
            createdAt: stored.createdAt,
            recipients: stored.recipients.map {
                Recipient(id: $0.id, username: $0.username, name: $0.name, email: $0.email)
            },
            labels: stored.labels,
            data: data,
            targets: stored.targets,
            subject: stored.subject,
            sequence: stored.sequence
        )
    }
}

// MARK: - Attempts

extension Deliverer {
    private func attempt(_ delivery: LeasedDelivery, leasedAt: ContinuousClock.Instant) async {
        let endpoint = delivery.endpoint.id
        guard await lanes.enter(endpoint) else {
            lanes.drop(endpoint)
            return recorder.add(FinishedAttempt(delivery, .handedBack))
        }
        let waited = leasedAt.duration(to: .now)
        guard waited < Self.lease - Self.attemptTime else {
            lanes.leave(endpoint, after: nil)
            return recorder.add(FinishedAttempt(delivery, .handedBack))
        }
        let attempt = await withSpan("deliver", ofKind: .client) { span in
            let attempt = await Attempt(delivery, at: delivery.now + waited, sealing: sealing).send(by: client)
            span.attributes["stoker.delivery.id"] = "\(delivery.id)"
            span.attributes["stoker.endpoint.id"] = "\(endpoint)"
            span.attributes["stoker.attempt"] = delivery.attempt
            if attempt.status != "sent" { span.setStatus(SpanStatus(code: .error, message: attempt.errorClass)) }
            return attempt
        }
        let finished = FinishedAttempt(delivery, attempt)
        // After a failure the next one waits until it is known whether the endpoint is to be spared.
        if !finished.hasFailed { lanes.leave(endpoint, after: attempt.latency) }
        recorder.add(finished)
    }
}

extension FinishedAttempt {
    fileprivate var hasFailed: Bool { attempt.status != "sent" && !attempt.isHandedBack }
}
