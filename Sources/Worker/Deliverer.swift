// SPDX-License-Identifier: Apache-2.0

package import CurlClient
package import Logging
package import Prebuilds
import ServiceLifecycle
package import Store
import Webhooks

/// Makes deliveries of events and sends those that are due: at least once, never for a change that was rolled back
/// (notifications.md). Any worker does it; a lease keeps two from sending the same at the same time.
package struct Deliverer: Service {
    private let store: Store
    private let worker: WorkerID
    private let client: HTTPClient
    private let bell: Doorbell
    private let sealing: StateSealing
    private let logger: Logger
    private let observe: @Sendable (LeasedDelivery, DeliveryAttempt) -> Void

    /// Longer than the client's time-out, so that no lease ends under an attempt that is still being made.
    private static let lease = Duration.seconds(60)
    private static let batch = 64
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
        self.observe = observe
    }

    package func run() async throws {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                var poll = Self.shortestPoll
                while !Task.isCancelled, !Task.isShuttingDownGracefully {
                    let found = await turn(in: &group)
                    poll = found ? Self.shortestPoll : min(poll * 2, Self.longestPoll)
                    if found { continue }
                    await bell.wait(atMost: poll * Double.random(in: 0.8...1.2))
                }
                // What the last jobs of this worker caused is sent by it, if it goes quickly, or by another.
                _ = await turn(in: &group)
            }
            client.close()
        } onGracefulShutdown: {
            bell.ring()
        }
    }

    /// Dispatches and leases once; returns whether there may be more.
    private func turn(in group: inout DiscardingTaskGroup) async -> Bool {
        do {
            let dispatched = try await store.dispatchEvents { event, endpoints in
                try endpoints.flatMap { try Self.deliveries(of: event, to: $0) }
            }
            let leased = try await store.leaseDeliveries(for: worker, limit: Self.batch, lease: Self.lease)
            for delivery in leased {
                group.addTask { await attempt(delivery, leasedAt: .now) }
            }
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
    package static func deliveries(of event: NotificationEvent, to endpoint: Endpoint) throws -> [NewDelivery] {
        let envelope = Envelope(rawValue: endpoint.envelope) ?? .standard
        return envelope.messages(for: try Event(event)).map {
            NewDelivery(
                id: $0.id,
                endpointID: endpoint.id,
                recipientID: $0.recipient,
                body: $0.body,
                contentType: $0.contentType
            )
        }
    }

    private func target(of endpoint: Endpoint) throws -> EndpointTarget {
        let keys = try [endpoint.secret, endpoint.previousSecret, endpoint.signingKey].compactMap { $0 }.map {
            try SigningKey(String(decoding: sealing.open($0), as: UTF8.self))
        }
        return try EndpointTarget(
            url: EndpointURL(endpoint.url),
            envelope: Envelope(rawValue: endpoint.envelope) ?? .standard,
            keys: keys,
            headers: endpoint.headers.sorted { $0.key < $1.key }.map { HTTPHeader($0.key, $0.value) },
            concurrencyKey: "\(endpoint.id)"
        )
    }
}

extension Event {
    fileprivate init(_ stored: NotificationEvent) throws {
        let data = try JSONValue(parsing: stored.data)
        guard case .object(let members) = data else {
            throw StoreError(.inconsistent, "The data of event \(stored.id) is no JSON object")
        }
        self.init(
            id: stored.id,
            type: stored.type,
            createdAt: stored.createdAt,
            recipients: stored.recipients.map {
                Recipient(id: $0.id, username: $0.username, name: $0.name, email: $0.email)
            },
            labels: stored.labels,
            data: members,
            targets: stored.targets,
            subject: stored.subject,
            sequence: stored.sequence
        )
    }
}

// MARK: - Attempts

extension Deliverer {
    private func attempt(_ delivery: LeasedDelivery, leasedAt: ContinuousClock.Instant) async {
        let attempt: DeliveryAttempt
        do {
            let request = try target(of: delivery.endpoint).request(
                id: delivery.id,
                body: delivery.body,
                contentType: delivery.contentType,
                at: delivery.now
            )
            attempt = await send(request, delivery)
        } catch {
            // An endpoint that cannot be sent to as it is configured; it will not get better by itself.
            attempt = DeliveryAttempt(status: "permanent_failure", errorClass: "invalid_endpoint", excerpt: "\(error)")
        }
        await record(attempt, of: delivery)
    }

    private func send(_ request: HTTPRequest, _ delivery: LeasedDelivery) async -> DeliveryAttempt {
        do {
            let response = try await client.send(request)
            let result = AttemptResult(response, now: delivery.now)
            return DeliveryAttempt(
                decision(result, delivery),
                now: delivery.now,
                responseCode: response.status,
                latency: response.latency,
                errorClass: result.meaning == .success ? "" : "status",
                address: response.address.map { "\($0)" } ?? "",
                excerpt: String(decoding: response.body.prefix(500), as: UTF8.self)
            )
        } catch {
            return DeliveryAttempt(
                decision(AttemptResult(error), delivery),
                now: delivery.now,
                responseCode: nil,
                latency: error.latency,
                errorClass: error.code.rawValue,
                address: error.address.map { "\($0)" } ?? "",
                excerpt: error.message
            )
        }
    }

    private func decision(_ result: AttemptResult, _ delivery: LeasedDelivery) -> Decision {
        var generator = SystemRandomNumberGenerator()
        return Decision.next(after: result, attempt: delivery.attempt, now: delivery.now, using: &generator)
    }

    private func record(_ attempt: DeliveryAttempt, of delivery: LeasedDelivery) async {
        do {
            let recorded = try await store.recordAttempt(attempt, of: delivery, by: worker) { health, now in
                health.judged(attempt, started: delivery.now, now: now)
            }
            if recorded { observe(delivery, attempt) }
        } catch {
            // The lease ends, and the delivery is made again with the same id.
            logger.warning(
                "an attempt could not be recorded",
                metadata: ["delivery.id": "\(delivery.id)", "error": "\(error)"]
            )
        }
    }
}

extension DeliveryAttempt {
    fileprivate init(
        _ decision: Decision,
        now: Instant,
        responseCode: Int?,
        latency: Duration,
        errorClass: String,
        address: String,
        excerpt: String
    ) {
        self.init(
            status: "temporary_failure",
            responseCode: responseCode,
            latency: latency,
            errorClass: errorClass,
            address: address,
            excerpt: excerpt
        )
        switch decision {
        case .delivered: status = "sent"
        case .retry(let at): nextAttemptAfter = at - now
        case .handBack: nextAttemptAfter = .zero
        case .deadLetter: status = "permanent_failure"
        case .disableEndpoint:
            status = "permanent_failure"
            disablesEndpoint = true
        }
    }
}

extension EndpointHealth {
    /// What an attempt means for the endpoint (`Webhooks.CircuitBreaker`).
    fileprivate func judged(_ attempt: DeliveryAttempt, started: Instant, now: Instant) -> EndpointHealth {
        var breaker = CircuitBreaker(
            consecutiveFailures: consecutiveFailures,
            failingSince: failingSince,
            openedAt: openedAt,
            nextProbeAt: nextProbeAt,
            probeAttempt: probeAttempt
        )
        var judged = self
        if attempt.status == "sent" {
            _ = breaker.recordSuccess()
        } else if attempt.errorClass != "canceled", attempt.errorClass != "client_closed" {
            if breaker.recordFailure(at: now, started: started) == .disable {
                judged.isEnabled = false
                judged.disabledReason =
                    "nothing was delivered since \(breaker.failingSince.map { "\($0)" } ?? "long ago")"
            }
        }
        if attempt.disablesEndpoint {
            judged.isEnabled = false
            judged.disabledReason = "it answered 410 Gone"
        }
        judged.consecutiveFailures = breaker.consecutiveFailures
        judged.failingSince = breaker.failingSince
        judged.openedAt = breaker.openedAt
        judged.nextProbeAt = breaker.nextProbeAt
        judged.probeAttempt = breaker.probeAttempt
        return judged
    }
}
