// SPDX-License-Identifier: Apache-2.0

import Store
import Webhooks

/// Sends a `ping` to one endpoint through the workers, and waits for the result.
struct Ping {
    let store: Store
    let endpoint: Endpoint

    /// The polling interval.
    private static let poll = Duration.milliseconds(200)

    /// Returns after the first attempt, or at the time limit; then the state may still be `pending`.
    func send(within limit: Duration) async throws -> DeliveryState {
        let event = Event.ping(of: "endpoint/\(endpoint.id)", at: try await store.now())
        guard let message = (Envelope(rawValue: endpoint.envelope) ?? .standard).messages(for: event).first else {
            throw StoreError(.inconsistent, "A ping made no delivery")
        }
        let delivery = NewDelivery(
            id: message.id,
            endpointID: endpoint.id,
            body: message.body,
            contentType: message.contentType
        )
        try await store.addPing(delivery, event: event.id)
        let deadline = ContinuousClock.now + limit
        while true {
            let state = try await store.delivery(delivery.id)
            let isOpen = state.attempts == 0 || ["pending", "leased"].contains(state.status)
            if !isOpen || ContinuousClock.now >= deadline { return state }
            try await Task.sleep(for: Self.poll)
        }
    }
}
