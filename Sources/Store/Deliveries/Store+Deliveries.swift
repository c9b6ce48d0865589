// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

extension Store {
    /// Leases up to `limit` due deliveries, and looks in the same transaction for events that wait to be dispatched. If this
    /// worker dies, another one sends them again with the same id.
    ///
    /// Deliveries to an endpoint with ``EndpointHealth/isSpared`` wait, except for a probe of an open circuit, and for
    /// trials.
    ///
    /// - Parameters:
    ///   - room: The most deliveries of an endpoint that are taken, so that a slow or dead one does not occupy every
    ///     worker.
    ///   - roomElsewhere: The same for endpoints that `room` does not name.
    package func lookForDeliveries(
        for worker: WorkerID,
        limit: Int,
        lease: Duration,
        room: [EndpointID: Int],
        roomElsewhere: Int
    ) async throws -> (leased: [LeasedDelivery], hasEvents: Bool) {
        let answers = try await pool.executeBatch([
            Self.releaseAbandoned(limit),
            Self.lease(for: worker, limit: limit, lease: lease, room: room, roomElsewhere: roomElsewhere),
            Statement(
                "events.look",
                within: .seconds(5),
                "SELECT EXISTS (SELECT FROM notification_events WHERE dispatched_at IS NULL)"
            ),
        ])
        return (try await deliveries(answers[1]), try answers[2].only().decode(Bool.self))
    }

    private func deliveries(_ rows: QueryResult) async throws -> [LeasedDelivery] {
        guard !rows.isEmpty else { return [] }
        let endpoints = Dictionary(try await endpoints().map { ($0.id, $0) }) { first, _ in first }
        return try rows.compactMap { row in
            try endpoints[row["endpoint_id"]].map {
                LeasedDelivery(
                    id: try row["id"],
                    endpoint: $0,
                    body: try row["body"],
                    contentType: try row["content_type"],
                    attempt: try row["attempts"],
                    isTrial: try row["is_trial"],
                    leasedAt: try row["now"]
                )
            }
        }
    }

    /// Makes deliveries with an expired lease due again.
    private static func releaseAbandoned(_ limit: Int) -> Statement {
        Statement(
            "deliveries.release",
            within: .seconds(10),
            """
            UPDATE webhook_deliveries
            SET status = 'temporary_failure', leased_by = NULL, lease_expires_at = NULL, updated_at = now()
            WHERE id IN (
                SELECT id FROM webhook_deliveries WHERE status = 'leased' AND lease_expires_at < now()
                ORDER BY lease_expires_at LIMIT \(literal: limit) FOR UPDATE SKIP LOCKED
            )
            """
        )
    }

    /// It goes endpoint by endpoint, so that the backlog of a dead one is never read to reach the others'.
    private static func lease(
        for worker: WorkerID,
        limit: Int,
        lease: Duration,
        room: [EndpointID: Int],
        roomElsewhere: Int
    ) -> Statement {
        let isDue: SQL = "\(sql: DeliveryStatus.waiting) AND d.next_attempt_at <= now() AND d.attempts < 2147483647"
        let room = room.sorted { $0.key < $1.key }
        return Statement(
            "deliveries.lease",
            within: .seconds(10),
            """
            WITH probing AS (
                -- The probe is taken by moving the next one away, until this lease ends or its attempt is recorded: only one
                -- worker of the fleet matches the row.
                UPDATE webhook_endpoints SET next_probe_at = now() + make_interval(secs => \(lease.inSeconds))
                WHERE id IN (
                    SELECT id FROM webhook_endpoints e
                    WHERE enabled AND opened_at IS NOT NULL AND coalesce(next_probe_at, opened_at) <= now() AND EXISTS (
                        SELECT FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND \(sql: isDue)
                    )
                    FOR UPDATE SKIP LOCKED
                ) RETURNING id
            ), probes AS (
                SELECT x.* FROM probing CROSS JOIN LATERAL (
                    SELECT d.id, d.next_attempt_at FROM webhook_deliveries d
                    WHERE d.endpoint_id = probing.id AND \(sql: isDue)
                    ORDER BY d.next_attempt_at, d.id LIMIT 1 FOR UPDATE SKIP LOCKED
                ) x
            ), waiting AS (
                SELECT x.* FROM webhook_endpoints e
                LEFT JOIN unnest(\(room.map(\.key)), \(room.map { Int32(clamping: max($0.value, 0)) })) r(endpoint_id, room)
                    ON r.endpoint_id = e.id
                CROSS JOIN LATERAL (
                    SELECT d.id, d.next_attempt_at FROM webhook_deliveries d
                    WHERE d.endpoint_id = e.id AND \(sql: isDue)
                    ORDER BY d.next_attempt_at, d.id
                    LIMIT least(coalesce(r.room, \(literal: roomElsewhere)), \(literal: limit)) FOR UPDATE SKIP LOCKED
                ) x
                WHERE NOT (\(sql: EndpointHealth.isSpared)) AND coalesce(r.room, 1) > 0
            ), trials AS (
                SELECT d.id, d.next_attempt_at FROM webhook_deliveries d WHERE d.is_trial AND \(sql: isDue)
                ORDER BY d.next_attempt_at, d.id LIMIT \(literal: limit) FOR UPDATE SKIP LOCKED
            )
            UPDATE webhook_deliveries d
            SET status = 'leased', leased_by = \(worker), attempts = d.attempts + 1, updated_at = now(),
                lease_expires_at = now() + make_interval(secs => \(lease.inSeconds))
            FROM (
                SELECT DISTINCT id, next_attempt_at
                FROM (SELECT * FROM trials UNION ALL SELECT * FROM probes UNION ALL SELECT * FROM waiting) x
                ORDER BY next_attempt_at, id LIMIT \(literal: limit)
            ) taken
            WHERE d.id = taken.id
            RETURNING d.endpoint_id, d.id, d.body, d.content_type, d.attempts, d.is_trial, now()
            """
        )
    }
}
