// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// Events to measure deliveries with. Only for a database that holds nothing else.
extension Store {
    /// Writes so many events, each of a subject of its own, in one transaction with one wake-up.
    package func addBenchEvents(_ count: Int) async throws {
        _ = try await pool.execute(
            Statement(
                "bench.events",
                within: .seconds(300),
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
        )
    }

    /// Writes one event as every change does, and returns its id.
    package func addBenchEvent() async throws -> EventID {
        try await pool.execute(
            Statement(
                "bench.event",
                """
                SELECT stoker_emit_event('pool_depleted', NULL, '{}', '{"template": "bench", "preset": "bench"}',
                    '{"desired": 1, "eligible": 0}', '{}', 'bench/' || gen_random_uuid(), NULL, now()),
                    \(sql: News.ofEvents)
                """
            )
        ).only().decode(column: 0)
    }

    /// The deliveries made so far, and their events.
    package func benchDeliveries() async throws -> [DeliveryID: EventID] {
        let rows = try await pool.execute(
            Statement("bench.deliveries", within: .seconds(60), "SELECT id, event_id FROM webhook_deliveries")
        )
        let pairs = try rows.map { try $0.decode(DeliveryID.self, EventID.self) }
        return Dictionary(pairs) { first, _ in first }
    }

    /// Deliveries that are not recorded as sent, and those that took more than one attempt.
    package func benchUnsent() async throws -> (unsent: Int, repeated: Int) {
        try await pool.execute(
            Statement(
                "bench.unsent",
                """
                SELECT count(*) FILTER (WHERE status <> 'sent')::int, count(*) FILTER (WHERE attempts > 1)::int
                FROM webhook_deliveries
                """
            )
        ).only().decode(Int.self, Int.self)
    }

    /// The body of one delivery.
    package func benchBody() async throws -> [UInt8] {
        try await pool.execute(Statement("bench.body", "SELECT body FROM webhook_deliveries LIMIT 1")).only()
            .decode(column: 0)
    }
}
