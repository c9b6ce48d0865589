// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport

extension Fleet {
    /// Events with a delivery each, due now.
    func addDeliveries(_ count: Int, to endpoint: EndpointID) async throws {
        for _ in 0..<count { _ = try await emit("e", key: nil) }
        while try await store.dispatchEvents(makeDeliveries: { event, _ in
            [
                Delivery(
                    id: .random(),
                    eventID: event.id,
                    endpointID: endpoint,
                    body: Array("body".utf8),
                    contentType: "text/plain"
                )
            ]
        }) > 0 {}
    }
}

extension Store {
    /// Leases deliveries without a look for events.
    func leaseDeliveries(
        for worker: WorkerID,
        limit: Int,
        lease: Duration,
        room: [EndpointID: Int] = [:],
        roomElsewhere: Int = 1_000
    ) async throws -> [LeasedDelivery] {
        try await lookForDeliveries(
            for: worker,
            limit: limit,
            lease: lease,
            room: room,
            roomElsewhere: roomElsewhere
        ).leased
    }
}
