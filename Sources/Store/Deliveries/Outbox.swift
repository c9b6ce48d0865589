// SPDX-License-Identifier: Apache-2.0

import Basics
package import Domain
import PostgresClient
import Time

/// The outbox: events are written together with the change that they report. Dispatching makes deliveries from them in
/// one transaction.
///
/// Valid only inside the body of ``Store/dispatching(_:)``, whose caller decides what each endpoint gets.
package struct Outbox {
    fileprivate let transaction: PostgresTransaction

    /// Locks events without deliveries, oldest first. Events that another worker has locked are skipped.
    package func lockEvents(limit: Int) async throws -> [Event] {
        try await transaction.execute(Self.undispatched(limit)).map(Event.init)
    }

    /// All endpoints. Call it after ``lockEvents(limit:)``, so that an endpoint is seen that was added before an event
    /// was committed.
    package func endpoints() async throws -> [Endpoint] {
        try await transaction.execute(Store.listEndpoints()).map(Endpoint.init)
    }

    /// Writes the deliveries, marks the events as dispatched, and commits.
    package func commit(_ deliveries: [Delivery], of events: [Event]) async throws {
        _ = try await transaction.executeBatchAndCommit([
            Self.insert(deliveries),
            Statement(
                "events.dispatched",
                "UPDATE notification_events SET dispatched_at = now() WHERE id = ANY(\(events.map(\.id)))"
            ),
        ])
    }

    private static func undispatched(_ limit: Int) -> Statement {
        func recipients(_ column: SQL) -> SQL {
            "ARRAY(SELECT \(sql: column) FROM users u WHERE u.id = ANY(e.recipients) ORDER BY u.id)"
        }
        func labels(_ column: SQL) -> SQL {
            "ARRAY(SELECT \(sql: column) FROM jsonb_each_text(\(sql: Store.object("e.labels"))) l ORDER BY l.key)"
        }
        return Statement(
            "events.undispatched",
            """
            SELECT \(sql: recipients("u.id")) AS user_ids, \(sql: recipients("u.username")) AS usernames,
                \(sql: recipients("u.name")) AS names, \(sql: recipients("u.email")) AS emails, e.id, e.type, e.created_at,
                \(sql: labels("l.key")) AS label_names, \(sql: labels("coalesce(l.value, '')")) AS label_values,
                ARRAY(SELECT coalesce(x::text, '') FROM unnest(e.targets) x) AS targets, e.subject, e.sequence, e.data::text
            FROM notification_events e WHERE e.dispatched_at IS NULL
            ORDER BY e.created_at, e.id LIMIT \(literal: limit)
            FOR UPDATE SKIP LOCKED
            """
        )
    }

    private static func insert(_ deliveries: [Delivery]) -> Statement {
        Statement(
            "deliveries.insert",
            """
            INSERT INTO webhook_deliveries (id, event_id, endpoint_id, recipient_id, body, content_type)
            SELECT * FROM unnest(\(deliveries.map(\.id)), \(deliveries.map(\.eventID)), \(deliveries.map(\.endpointID)),
                \(deliveries.map(\.recipientID)), \(deliveries.map(\.body)), \(deliveries.map(\.contentType)))
            """
        )
    }
}

extension Store {
    /// Makes deliveries from events in one transaction: the body locks events, reads endpoints and commits.
    ///
    /// The body may run again if the transaction could not be serialized.
    package func dispatching<Result>(_ body: (Outbox) async throws -> Result) async throws -> Result {
        try await pool.withTransaction("events.dispatch") { try await body(Outbox(transaction: $0)) }
    }

    /// A JSON column as an object; an empty one when it is something else, so that one row does not fail the statement.
    static func object(_ column: SQL) -> SQL {
        "CASE WHEN jsonb_typeof(\(sql: column)) = 'object' THEN \(sql: column) ELSE '{}' END"
    }

    /// Writes a `ping` and its one delivery, to test an endpoint, also one that is disabled or failing.
    package func addPing(_ delivery: Delivery) async throws {
        _ = try await pool.execute(
            "deliveries.ping",
            """
            WITH ping AS (
                INSERT INTO notification_events (id, type, subject, dispatched_at)
                VALUES (\(delivery.eventID), 'ping', 'endpoint/' || \(delivery.endpointID)::text, now()) RETURNING id
            ), made AS (
                INSERT INTO webhook_deliveries (id, event_id, endpoint_id, body, content_type, is_trial)
                SELECT \(delivery.id), id, \(delivery.endpointID), \(delivery.body), \(delivery.contentType), true
                FROM ping
                RETURNING id
            )
            SELECT id, \(sql: News.ofEvents) FROM made
            """
        )
    }
}

extension Event {
    fileprivate init(_ row: Row) throws {
        let (ids, usernames): ([UserID], [String]) = (try row["user_ids"], try row["usernames"])
        let (names, emails): ([String], [String]) = (try row["names"], try row["emails"])
        self.init(
            id: try row["id"],
            type: try row["type"],
            createdAt: try row["created_at"],
            recipients: ids.indices.map {
                Recipient(id: ids[$0], username: usernames[$0], name: names[$0], email: emails[$0])
            },
            labels: try row.pairs("label_names", "label_values"),
            targets: try row["targets"],
            subject: try row["subject"],
            sequence: try row["sequence"]
        )
        // It must neither block the others nor be lost: it is sent without its data.
        do {
            let members = try JSON(parsing: row["data"]).members
            data = members ?? [:]
            if members == nil { unreadableData = "it is no JSON object" }
        } catch {
            unreadableData = "\(error)"
        }
    }
}

extension Row {
    /// Two array columns as one dictionary.
    func pairs(_ names: StaticString, _ values: StaticString) throws -> [String: String] {
        let (names, values): ([String], [String]) = (try self[names], try self[values])
        return Dictionary(zip(names, values)) { first, _ in first }
    }
}
