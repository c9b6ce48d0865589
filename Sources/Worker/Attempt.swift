// SPDX-License-Identifier: Apache-2.0

import CurlClient
import HTTPTypes
import Store
import Time
import Webhooks

/// One attempt to make a delivery: from what is stored to what is recorded.
struct Attempt {
    private let delivery: LeasedDelivery
    /// The database's time as it is sent.
    private let now: Instant
    private let sealing: StateSealing

    init(_ delivery: LeasedDelivery, at now: Instant, sealing: StateSealing) {
        self.delivery = delivery
        self.now = now
        self.sealing = sealing
    }

    func send(by client: HTTPClient) async -> DeliveryAttempt {
        let target: EndpointTarget
        let request: HTTPClient.Request
        do {
            target = try self.target()
            request = try target.request(
                id: delivery.id,
                body: delivery.body,
                contentType: delivery.contentType,
                at: now,
                trace: HTTPFields(checking: TraceContext.headers)
            )
        } catch {
            // An endpoint that cannot be sent to as it is configured; it will not get better by itself.
            return DeliveryAttempt(status: "permanent_failure", errorClass: "invalid_endpoint", excerpt: "\(error)")
        }
        do {
            let response = try await client.send(request)
            let result = AttemptResult(response, now: now)
            return recorded(
                result,
                DeliveryAttempt(
                    status: "",
                    responseCode: response.status.code,
                    latency: response.latency,
                    errorClass: result.meaning == .success ? "" : "status",
                    address: response.address.map { "\($0)" } ?? "",
                    excerpt: Excerpt.text(response.body, hiding: target.secrets)
                )
            )
        } catch {
            return recorded(
                AttemptResult(error),
                DeliveryAttempt(
                    status: "",
                    latency: error.latency,
                    errorClass: error.code.rawValue,
                    address: error.address.map { "\($0)" } ?? "",
                    excerpt: Excerpt.text(Array(error.message.utf8), hiding: target.secrets)
                )
            )
        }
    }

    private func target() throws -> EndpointTarget {
        let endpoint = delivery.endpoint
        let keys = try [endpoint.secret, endpoint.previousSecret, endpoint.signingKey].compactMap { $0 }.map {
            try SigningKey(String(decoding: sealing.open($0), as: UTF8.self))
        }
        return try EndpointTarget(
            url: EndpointURL(endpoint.url),
            envelope: Envelope(rawValue: endpoint.envelope) ?? .standard,
            keys: keys,
            headers: endpoint.headers,
            concurrencyKey: "\(endpoint.id)"
        )
    }

    /// The attempt with what is to be done about its result.
    private func recorded(_ result: AttemptResult, _ attempt: DeliveryAttempt) -> DeliveryAttempt {
        var attempt = attempt
        var generator = SystemRandomNumberGenerator()
        switch Decision.next(after: result, attempt: delivery.attempt, now: now, using: &generator) {
        case .delivered: attempt.status = "sent"
        case .handBack: return .handedBack
        // Someone waits for a trial's answer; a later one would tell nobody anything.
        case .retry where delivery.isTrial: attempt.status = "permanent_failure"
        case .retry(let at):
            attempt.status = "temporary_failure"
            attempt.nextAttemptAfter = at - now
        case .deadLetter: attempt.status = "permanent_failure"
        case .disableEndpoint:
            attempt.status = "permanent_failure"
            attempt.disablesEndpoint = !delivery.isTrial
        }
        return attempt
    }
}
