// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// A filter of deliveries; `nil` means any.
package struct DeliverySelection: Hashable, Sendable {
    package var endpoint: EndpointID?
    package var type: String?
    package var since: Instant?
    package var until: Instant?
    package var status: DeliveryStatus?
    /// The first digits of the id.
    package var id: String?

    package init(
        endpoint: EndpointID? = nil,
        type: String? = nil,
        since: Instant? = nil,
        until: Instant? = nil,
        status: DeliveryStatus? = nil
    ) {
        self.endpoint = endpoint
        self.type = type
        self.since = since
        self.until = until
        self.status = status
    }

    /// The columns of `webhook_deliveries d`, without the endpoint's.
    fileprivate var condition: SQL {
        """
        d.created_at >= coalesce(\(since), '-infinity'::timestamptz)
        AND d.created_at < coalesce(\(until), 'infinity'::timestamptz)
        AND \(sql: id.map { .beginsWith($0, "d.id", DeliveryID.self) } ?? "true")
        AND (\(status?.rawValue)::text IS NULL OR d.status::text = \(status?.rawValue)) AND (\(type) IS NULL OR EXISTS (
            SELECT FROM notification_events x WHERE x.id = d.event_id AND x.type = \(type)
        ))
        """
    }
}

/// The state of a delivery.
package struct DeliveryState: Hashable, Sendable, Codable {
    package var status: OpenEnum<DeliveryStatus>
    package var attempts: Int
    package var responseCode: Int?
    package var errorClass: String
    package var latencyMilliseconds: Int?
    package var excerpt: String

    private enum CodingKeys: String, CodingKey {
        case status, attempts, excerpt
        case responseCode = "response_code"
        case errorClass = "error_class"
        case latencyMilliseconds = "latency_ms"
    }
}

/// A delivery for operators. Its body is not shown: the event has it.
package struct DeliveryReport: Hashable, Sendable, Codable {
    package var id: DeliveryID
    package var eventID: EventID
    package var eventType: String
    package var endpointName: String
    package var status: OpenEnum<DeliveryStatus>
    package var attempts: Int
    package var responseCode: Int?
    package var latencyMilliseconds: Int?
    package var errorClass: String
    package var address: String
    package var excerpt: String
    package var createdAt: Instant
    /// When it is tried again; `nil` when it was sent or is a dead letter.
    package var nextAttemptAt: Instant?
    package var completedAt: Instant?

    private enum CodingKeys: String, CodingKey {
        case id, status, attempts, address, excerpt
        case eventID = "event_id"
        case eventType = "event_type"
        case endpointName = "endpoint"
        case responseCode = "response_code"
        case latencyMilliseconds = "latency_ms"
        case errorClass = "error_class"
        case createdAt = "created_at"
        case nextAttemptAt = "next_attempt_at"
        case completedAt = "completed_at"
    }
}

extension Store {
    /// The current state of a delivery. Throws ``StoreError`` of code `.notFound`.
    package func delivery(_ id: DeliveryID) async throws -> DeliveryState {
        try await Self.delivery(id, on: pool)
    }

    private static func delivery(_ id: DeliveryID, on executor: some PostgresExecutor) async throws -> DeliveryState {
        let rows = try await executor.execute(
            "deliveries.state",
            """
            SELECT status::text, attempts, response_code, error_class, latency_ms, excerpt
            FROM webhook_deliveries WHERE id = \(id)
            """
        )
        guard let row = rows.first else { throw StoreError.notFound("delivery", "\(id)") }
        return DeliveryState(
            status: try row["status"],
            attempts: try row["attempts"],
            responseCode: try row["response_code"],
            errorClass: try row["error_class"],
            latencyMilliseconds: try row["latency_ms"],
            excerpt: try row["excerpt"]
        )
    }

    /// Deliveries, the newest first.
    ///
    /// - Parameter failed: Only deliveries that failed for good, trials included.
    /// - Parameter mark: The end of the previous page.
    package func deliveries(
        _ selection: DeliverySelection,
        failed: Bool,
        after mark: PageMark<Kind.Delivery>? = nil,
        limit: Int
    ) async throws -> [DeliveryReport] {
        // Endpoint by endpoint, each along its index; then the newest of all.
        try await pool.execute(
            "deliveries.list",
            """
            SELECT d.id, d.event_id, v.type, e.name, d.status::text, d.attempts, d.response_code, d.latency_ms,
                d.error_class, d.address, d.excerpt, d.created_at,
                CASE WHEN \(sql: DeliveryStatus.open) THEN d.next_attempt_at END AS next_attempt_at, d.completed_at
            FROM webhook_endpoints e CROSS JOIN LATERAL (
                SELECT * FROM webhook_deliveries d
                WHERE d.endpoint_id = e.id AND (NOT \(failed) OR d.status = 'permanent_failure')
                    AND \(sql: selection.condition)
                    AND (\(mark?.id)::uuid IS NULL OR (d.created_at, d.id) < (\(mark?.createdAt), \(mark?.id)))
                ORDER BY d.created_at DESC, d.id DESC LIMIT \(literal: limit)
            ) d
            JOIN notification_events v ON v.id = d.event_id
            WHERE \(selection.endpoint) IS NULL OR e.id = \(selection.endpoint)
            ORDER BY d.created_at DESC, d.id DESC LIMIT \(literal: limit)
            """
        ).map { row in
            DeliveryReport(
                id: try row["id"],
                eventID: try row["event_id"],
                eventType: try row["type"],
                endpointName: try row["name"],
                status: try row["status"],
                attempts: try row["attempts"],
                responseCode: try row["response_code"],
                latencyMilliseconds: try row["latency_ms"],
                errorClass: try row["error_class"],
                address: try row["address"],
                excerpt: try row["excerpt"],
                createdAt: try row["created_at"],
                nextAttemptAt: try row["next_attempt_at"],
                completedAt: try row["completed_at"]
            )
        }
    }

    /// Replays one delivery, whatever its status, with the same id. Throws ``StoreError`` of code `.notFound`, and
    /// `.conflict` while a worker is sending it.
    package func replayDelivery(_ id: DeliveryID) async throws {
        try await changing("deliveries.replay") { transaction in
            guard try await Self.replay("d.id = \(id) AND d.status <> 'leased'", on: transaction) == 0 else { return }
            let state = try await Self.delivery(id, on: transaction)
            throw StoreError(.conflict, "Delivery \(id) is \(state.status)", remedy: "Try again in a minute.")
        }
    }

    /// Replays dead letters with the same ids, the oldest first; returns their number.
    package func replayDeliveries(_ selection: DeliverySelection, limit: Int = 10_000) async throws -> Int {
        let condition: SQL = """
            d.id IN (
                SELECT d.id FROM webhook_deliveries d
                WHERE \(sql: DeliveryStatus.dead) AND (\(selection.endpoint) IS NULL OR d.endpoint_id = \(selection.endpoint))
                    AND \(sql: selection.condition)
                ORDER BY d.created_at, d.id LIMIT \(limit)
            ) AND \(sql: DeliveryStatus.dead)
            """
        return try await changing("deliveries.replay") { try await Self.replay(condition, on: $0) }
    }

    private static func replay(_ condition: SQL, on transaction: PostgresTransaction) async throws -> Int {
        let rows = try await transaction.execute(
            "deliveries.replay",
            within: .seconds(120),
            """
            WITH replayed AS (
                UPDATE webhook_deliveries d SET status = 'pending', attempts = 0, next_attempt_at = now(),
                    completed_at = NULL, updated_at = now()
                WHERE \(sql: condition)
                RETURNING d.id
            )
            SELECT count(*)::int AS replayed, \(sql: News.ofEvents) FROM replayed
            """
        )
        return try rows.only()["replayed"]
    }
}

// MARK: - Backlog

/// The backlog of the whole fleet.
package struct DeliveryBacklog: Hashable, Sendable {
    /// Deliveries to enabled endpoints that wait or are being sent.
    package var deliveries: Int
    /// The age of the oldest of them.
    package var oldestAge: Duration

    package init(deliveries: Int, oldestAge: Duration) {
        self.deliveries = deliveries
        self.oldestAge = oldestAge
    }

    init(_ row: Row) throws {
        self.init(deliveries: try row["deliveries"], oldestAge: .seconds(max(try row["age"] as Double, 0)))
    }
}

extension Store {
    static let deliveryBacklog = Statement(
        "fleet.backlog",
        within: .seconds(10),
        """
        SELECT count(*)::int AS deliveries,
            coalesce(extract(epoch FROM now() - min(d.created_at) FILTER (WHERE isfinite(d.created_at)))::float8, 0) AS age
        FROM (
            -- Each state as its own index has it.
            SELECT endpoint_id, created_at FROM webhook_deliveries WHERE \(sql: DeliveryStatus.waiting)
            UNION ALL
            SELECT endpoint_id, created_at FROM webhook_deliveries WHERE status = 'leased'
        ) d JOIN webhook_endpoints e ON e.id = d.endpoint_id AND e.enabled
        """
    )
}
