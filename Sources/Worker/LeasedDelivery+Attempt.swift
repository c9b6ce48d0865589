// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import HTTPTypes
import Store
import Time
import Webhooks

extension LeasedDelivery {
    /// Makes the attempt: from the stored delivery to its result.
    ///
    /// - Parameter now: The database's time at the sending.
    func attempt(by client: HTTPClient, at now: Instant, sealing: StateSealing) async -> DeliveryAttempt {
        let target: EndpointTarget
        let request: HTTPClient.Request
        do {
            target = try EndpointTarget(endpoint, opening: sealing.open)
            request = try target.request(
                id: id,
                body: body,
                contentType: contentType,
                at: now,
                trace: HTTPFields(checking: TraceContext.headers)
            )
        } catch {
            // The endpoint's configuration is invalid; this will not change by itself.
            return DeliveryAttempt(
                of: self,
                .deadLetter(.unsendable),
                errorClass: "invalid_endpoint",
                excerpt: "\(error)"
            )
        }
        do {
            let response = try await client.send(request)
            let outcome = outcome(of: AttemptResult(response, now: now))
            return DeliveryAttempt(
                of: self,
                outcome,
                responseCode: response.status.code,
                latency: response.latency,
                errorClass: outcome == .delivered ? "" : "status",
                address: response.address.map { "\($0)" } ?? "",
                excerpt: ResponseExcerpt.text(response.body, hiding: target.secrets)
            )
        } catch {
            return DeliveryAttempt(
                of: self,
                outcome(of: AttemptResult(error)),
                latency: error.latency,
                errorClass: error.code.rawValue,
                address: error.address.map { "\($0)" } ?? "",
                excerpt: ResponseExcerpt.text(Array(error.message.utf8), hiding: target.secrets)
            )
        }
    }

    private func outcome(of result: AttemptResult) -> DeliveryAttempt.Outcome {
        var generator = SystemRandomNumberGenerator()
        return .next(after: result, attempt: attempt, isTrial: isTrial, using: &generator)
    }
}
