// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import Store
import Webhooks

extension Deliverer {
    static let eventBatch = 250

    /// Makes deliveries from events without any, in one transaction; returns the number of events. An event that no
    /// enabled endpoint wants is only marked as dispatched.
    func dispatch() async throws -> Int {
        try await store.dispatching { outbox in
            let events = try await outbox.lockEvents(limit: Self.eventBatch)
            guard !events.isEmpty else { return 0 }
            let endpoints = try await outbox.endpoints()
            var deliveries: [Delivery] = []
            for event in events {
                if let problem = event.unreadableData {
                    logger.error(
                        "an event's data cannot be read",
                        metadata: ["event.id": "\(event.id)", "error": "\(problem)"]
                    )
                }
                for endpoint in endpoints where endpoint.wants(event) {
                    deliveries += endpoint.format.deliveries(of: event, to: endpoint.id)
                }
            }
            try await outbox.commit(deliveries, of: events)
            return events.count
        }
    }
}
