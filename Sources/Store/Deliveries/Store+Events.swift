// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Time

extension Store {
    /// Makes deliveries of events that have none yet, in one transaction; returns how many events it took.
    ///
    /// Events that another worker is taking are skipped. An event that no enabled endpoint wants is done with.
    ///
    /// - Parameter makeDeliveries: The requests for one event; called with the enabled endpoints that subscribe to it.
    package func dispatchEvents(
        limit: Int = 250,
        makeDeliveries: (NotificationEvent, [Endpoint]) throws -> [NewDelivery]
    ) async throws -> Int {
        try await pool.withTransaction("events.dispatch") { transaction in
            let rows = try await transaction.execute(Self.undispatched(limit))
            let events = try rows.map(NotificationEvent.init)
            guard !events.isEmpty else { return 0 }
            // Only now: whoever subscribed before one of these events was committed is seen.
            let endpoints = try await transaction.execute(Self.listEndpoints()).map(Endpoint.init).filter(\.isEnabled)
            var owners: [EventID] = []
            var deliveries: [NewDelivery] = []
            for event in events {
                let wanting = endpoints.filter { $0.events.isEmpty || $0.events.contains(event.type) }
                let made = try makeDeliveries(event, wanting)
                deliveries += made
                owners += made.map { _ in event.id }
            }
            _ = try await transaction.executeBatchAndCommit([
                Self.insert(deliveries, of: owners),
                Statement(
                    "events.dispatched",
                    "UPDATE notification_events SET dispatched_at = now() WHERE id = ANY(\(events.map(\.id)))"
                ),
            ])
            return events.count
        }
    }

    /// A column of JSON as an object: an empty one where it is none, so that one row does not end the statement for all.
    static func object(_ column: SQL) -> SQL {
        "CASE WHEN jsonb_typeof(\(sql: column)) = 'object' THEN \(sql: column) ELSE '{}' END"
    }

    private static func undispatched(_ limit: Int) -> Statement {
        Statement(
            "events.undispatched",
            """
            SELECT e.id, e.type, e.template_id::text,
                ARRAY(SELECT u.id FROM users u WHERE u.id = ANY(e.recipients) ORDER BY u.id),
                ARRAY(SELECT u.username FROM users u WHERE u.id = ANY(e.recipients) ORDER BY u.id),
                ARRAY(SELECT u.name FROM users u WHERE u.id = ANY(e.recipients) ORDER BY u.id),
                ARRAY(SELECT u.email FROM users u WHERE u.id = ANY(e.recipients) ORDER BY u.id),
                ARRAY(SELECT l.key FROM jsonb_each_text(\(sql: object("e.labels"))) l ORDER BY l.key),
                ARRAY(SELECT coalesce(l.value, '') FROM jsonb_each_text(\(sql: object("e.labels"))) l ORDER BY l.key),
                e.data::text, e.targets::text[], e.subject, e.sequence, e.created_at
            FROM notification_events e WHERE e.dispatched_at IS NULL
            ORDER BY e.created_at, e.id LIMIT \(literal: limit)
            FOR UPDATE SKIP LOCKED
            """
        )
    }

    private static func insert(_ deliveries: [NewDelivery], of events: [EventID]) -> Statement {
        Statement(
            "deliveries.insert",
            """
            INSERT INTO webhook_deliveries (id, event_id, endpoint_id, recipient_id, body, content_type)
            SELECT * FROM unnest(\(deliveries.map(\.id)), \(events), \(deliveries.map(\.endpointID)),
                \(deliveries.map(\.recipientID)), \(deliveries.map(\.body)), \(deliveries.map(\.contentType)))
            """
        )
    }

    /// Writes a `ping` and its one delivery, to try an endpoint, even one that is disabled or failing.
    package func addPing(_ delivery: NewDelivery, event: EventID) async throws {
        _ = try await pool.execute(
            Statement(
                "deliveries.ping",
                """
                WITH ping AS (
                    INSERT INTO notification_events (id, type, subject, dispatched_at)
                    VALUES (\(event), 'ping', 'endpoint/' || \(delivery.endpointID)::text, now()) RETURNING id
                ), made AS (
                    INSERT INTO webhook_deliveries (id, event_id, endpoint_id, body, content_type, is_trial)
                    SELECT \(delivery.id), id, \(delivery.endpointID), \(delivery.body), \(delivery.contentType), true
                    FROM ping
                    RETURNING id
                )
                SELECT id, \(sql: News.ofEvents) FROM made
                """
            )
        )
    }

    /// What became of a delivery so far: its status, attempts, and the last attempt's code, error and latency.
    package func delivery(_ id: DeliveryID) async throws -> DeliveryState {
        let rows = try await pool.execute(
            Statement(
                "deliveries.state",
                """
                SELECT status::text, attempts, response_code, error_class, latency_ms, excerpt
                FROM webhook_deliveries WHERE id = \(id)
                """
            )
        )
        guard let row = rows.first else { throw StoreError.notFound("delivery", "\(id)") }
        let (status, attempts, code, error, latency, excerpt) = try row.decode(
            String.self,
            Int.self,
            Int?.self,
            String.self,
            Int?.self,
            String.self
        )
        return DeliveryState(
            status: status,
            attempts: attempts,
            responseCode: code,
            errorClass: error,
            latencyMilliseconds: latency,
            excerpt: excerpt
        )
    }
}

/// What became of a delivery so far.
package struct DeliveryState: Hashable, Sendable, Codable {
    /// A label of the database's enum `webhook_delivery_status`.
    package var status: String
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

extension NotificationEvent {
    fileprivate init(_ row: Row) throws {
        let (
            id, type, template, ids, usernames, names, emails, keys, values, data, targets, subject, sequence, created
        ) =
            try row.decode(
                EventID.self,
                String.self,
                String?.self,
                [UserID].self,
                [String].self,
                [String].self,
                [String].self,
                [String].self,
                [String].self,
                String.self,
                [String].self,
                String.self,
                Int64.self,
                Instant.self
            )
        self.init(
            id: id,
            type: type,
            notificationTemplate: template,
            recipients: ids.indices.map {
                Recipient(id: ids[$0], username: usernames[$0], name: names[$0], email: emails[$0])
            },
            labels: Dictionary(zip(keys, values)) { first, _ in first },
            data: data,
            targets: targets,
            subject: subject,
            sequence: sequence,
            createdAt: created
        )
    }
}
