// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store

/// Events for measuring deliveries. Only for a database that holds nothing else.
extension Store {
    /// Writes that many events, each with a subject of its own, in one transaction with one notification.
    func addEvents(_ count: Int) async throws {
        try await bench(
            """
            WITH events AS (
                INSERT INTO notification_events (type, labels, data, subject)
                SELECT 'pool_depleted', '{"org": "default", "template": "bench", "preset": "bench"}',
                    jsonb_build_object('desired', n, 'eligible', 0, 'running', 0, 'starting', n, 'misses', 1),
                    'bench/' || gen_random_uuid()
                FROM generate_series(1, \(count)) n RETURNING id
            )
            SELECT \(sql: News.ofEvents) FROM (SELECT count(*) FROM events) all_events
            """
        )
    }

    /// Writes one event as any change does, and returns its id.
    func addEvent() async throws -> EventID {
        try await bench(
            """
            SELECT stoker_emit_event('pool_depleted', NULL, '{}', '{"template": "bench", "preset": "bench"}',
                '{"desired": 1, "eligible": 0}', '{}', 'bench/' || gen_random_uuid(), NULL, now()),
                \(sql: News.ofEvents)
            """
        ).only().decode(column: 0)
    }

    /// The deliveries made so far, and their events.
    func eventsOfDeliveries() async throws -> [DeliveryID: EventID] {
        let pairs = try await bench("SELECT id, event_id FROM webhook_deliveries")
            .map { try $0.decode(DeliveryID.self, EventID.self) }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Deliveries that are not recorded as sent, and those that took more than one attempt.
    func deliveryFaults() async throws -> (unsent: Int, repeated: Int) {
        try await bench(
            """
            SELECT count(*) FILTER (WHERE status <> 'sent')::int, count(*) FILTER (WHERE attempts > 1)::int
            FROM webhook_deliveries
            """
        ).only().decode(Int.self, Int.self)
    }

    /// The body of one delivery.
    func deliveryBody() async throws -> [UInt8] {
        try await bench("SELECT body FROM webhook_deliveries LIMIT 1").only().decode(column: 0)
    }
}
