// SPDX-License-Identifier: Apache-2.0

import Domain
import Store
import Time

/// What workers decide inside of a transaction, decided by a test.
extension Store {
    /// Makes the deliveries of events that the test says; returns how many events it took.
    ///
    /// - Parameter makeDeliveries: Called with the endpoints that want the event.
    func dispatchEvents(
        limit: Int = 250,
        makeDeliveries: (Event, [Endpoint]) throws -> [Delivery]
    ) async throws -> Int {
        try await dispatching { outbox in
            let events = try await outbox.lockEvents(limit: limit)
            guard !events.isEmpty else { return 0 }
            let endpoints = try await outbox.endpoints()
            let deliveries = try events.flatMap { event in
                try makeDeliveries(event, endpoints.filter { $0.wants(event) })
            }
            try await outbox.commit(deliveries, of: events)
            return events.count
        }
    }

    /// Records one attempt; returns whether its lease still held.
    ///
    /// - Parameter judge: Changes the endpoint's health; the instant is the database's time.
    func record(
        _ attempt: DeliveryAttempt,
        by worker: WorkerID,
        judge: (inout EndpointHealth, Instant) -> Void = { _, _ in }
    ) async throws -> Bool {
        try await recordingAttempts { recording in
            let written = try await recording.write([attempt], by: worker)
            let isWritten = written.deliveries == [attempt.delivery.id]
            let changed = written.endpoints.filter { _ in isWritten }.map { endpoint in
                var endpoint = endpoint
                judge(&endpoint.health, written.now)
                return endpoint
            }
            try await recording.commit(changed: changed, disabled: changed.filter { !$0.isEnabled })
            return isWritten
        }
    }
}
