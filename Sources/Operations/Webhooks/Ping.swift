// SPDX-License-Identifier: Apache-2.0

import Domain
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
        guard let delivery = endpoint.format.deliveries(of: event, to: endpoint.id).first else {
            throw StoreError(.inconsistent, "A ping made no delivery")
        }
        try await store.addPing(delivery)
        let deadline = ContinuousClock.now + limit
        while true {
            let state = try await store.delivery(delivery.id)
            let isOpen = state.attempts == 0 || state.status == .pending || state.status == .leased
            if !isOpen || ContinuousClock.now >= deadline { return state }
            try await Task.sleep(for: Self.poll)
        }
    }
}
