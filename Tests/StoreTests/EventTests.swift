// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import Synchronization
import TestSupport
import Testing

/// The outbox: events and the deliveries made of them.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct EventTests {
    @Test func `an incident is one event while it lasts`() async throws {
        try await Fleet.open { fleet in
            let first = try await fleet.emit("incident", key: "k")
            #expect(first != nil)
            #expect(try await fleet.emit("incident", key: "k") == nil)
            #expect(try await fleet.emit("incident", key: "other") != nil)
            #expect(try await fleet.emit("incident", key: nil) != nil)
            #expect(
                try await fleet.column("SELECT occurrences FROM notification_events ORDER BY sequence") == [2, 1, 1]
            )
            try await fleet.sql("UPDATE notification_events SET resolved_at = now()")
            #expect(try await fleet.emit("incident", key: "k") != nil)
            #expect(
                try await fleet.column("SELECT sequence FROM notification_events ORDER BY sequence") == [1, 2, 3, 4]
            )
        }
    }

    @Test func `an incident told of by many at once is one event`() async throws {
        try await Fleet.open(sessions: 8) { fleet in
            let written = try await withThrowingTaskGroup(of: EventID?.self) { group in
                for _ in 0..<40 { group.addTask { try await fleet.emit("incident", key: "k") } }
                return try await group.reduce(into: [EventID]()) { if let id = $1 { $0.append(id) } }
            }
            #expect(written.count == 1)
            #expect(try await fleet.column("SELECT occurrences FROM notification_events") == [40])
        }
    }

    @Test func `events of a subject are numbered without gaps, whoever writes them`() async throws {
        try await Fleet.open(sessions: 8) { fleet in
            try await withThrowingTaskGroup { group in
                for number in 0..<60 {
                    group.addTask { _ = try await fleet.emit("e", subject: "subject/\(number % 2)", key: nil) }
                }
                try await group.waitForAll()
            }
            for subject in 0..<2 {
                #expect(
                    try await fleet.column(
                        "SELECT sequence FROM notification_events WHERE subject = \("subject/\(subject)") ORDER BY 1"
                    ) == Array(1...30)
                )
            }
        }
    }

    @Test func `an event of a change that was rolled back does not exist`() async throws {
        try await Fleet.open { fleet in
            struct ChangedMind: Error {}
            await #expect(throws: ChangedMind.self) {
                try await fleet.store.pool.withTransaction("test") { transaction in
                    _ = try await transaction.execute(Statement("test", Fleet.emission("e", subject: "s", key: "k")))
                    throw ChangedMind()
                }
            }
            let count = try await fleet.count(of: "notification_events")
            #expect(count == 0)
            #expect(try await fleet.emit("e", key: "k") != nil)
        }
    }

    @Test func `deliveries are made for the endpoints that want the event`() async throws {
        try await Fleet.open { fleet in
            let admin = try await fleet.addUser("admin", roles: ["template-admin"])
            try await fleet.sql("UPDATE users SET email = 'a@example.org', name = 'Ann' WHERE id = \(admin)")
            let all = try await fleet.addEndpoint("all")
            let some = try await fleet.addEndpoint("some", events: ["wanted"])
            try await fleet.addEndpoint("none", events: ["other"])
            let disabled = try await fleet.addEndpoint("disabled")
            try await fleet.sql("UPDATE webhook_endpoints SET enabled = false WHERE id = \(disabled)")
            let id = try #require(try await fleet.emit("wanted", recipients: [admin], key: nil))
            let seen = Mutex<[Event]>([])
            let count = try await fleet.store.dispatchEvents { event, endpoints in
                seen.withLock { $0.append(event) }
                return endpoints.map {
                    Delivery(
                        id: .random(),
                        eventID: event.id,
                        endpointID: $0.id,
                        recipientID: admin,
                        body: Array("body".utf8),
                        contentType: "text/plain"
                    )
                }
            }
            #expect(count == 1)
            let event = try #require(seen.withLock { $0 }.only)
            #expect(event.id == id)
            #expect(event.type == "wanted")
            #expect(event.recipients.map(\.email) == ["a@example.org"])
            #expect(event.recipients.map(\.name) == ["Ann"])
            #expect(event.labels == ["label": "value"])
            #expect(event.sequence == 1)
            #expect(
                Set(try await fleet.column("SELECT endpoint_id FROM webhook_deliveries", as: EndpointID.self)) == [
                    all, some,
                ]
            )
            #expect(try await fleet.store.dispatchEvents { _, _ in [] } == 0)
        }
    }

    @Test func `events are dispatched once, whoever does it`() async throws {
        try await Fleet.open(sessions: 8) { fleet in
            let endpoint = try await fleet.addEndpoint("all")
            try await fleet.sql("SELECT \(sql: Fleet.call("e", subject: "s", key: nil)) FROM generate_series(1, 200)")
            let total = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        var total = 0
                        while true {
                            let count = try await fleet.store.dispatchEvents(limit: 7) { event, _ in
                                [
                                    Delivery(
                                        id: .random(),
                                        eventID: event.id,
                                        endpointID: endpoint,
                                        body: [1],
                                        contentType: "text/plain"
                                    )
                                ]
                            }
                            if count == 0 { return total }
                            total += count
                        }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(total == 200)
            #expect(try await fleet.value("SELECT count(DISTINCT event_id) FROM webhook_deliveries") == 200)
            #expect(try await fleet.count(of: "webhook_deliveries") == 200)
        }
    }

    @Test func `an event whose deliveries could not be made is kept`() async throws {
        try await Fleet.open { fleet in
            struct Broken: Error {}
            _ = try await fleet.emit("e", key: nil)
            await #expect(throws: Broken.self) { _ = try await fleet.store.dispatchEvents { _, _ in throw Broken() } }
            #expect(try await fleet.store.dispatchEvents { _, _ in [] } == 1)
        }
    }
}

extension Fleet {
    /// Writes an event as every writer of the store does; nil when it only counted a repeat.
    func emit(
        _ type: String,
        recipients: [UserID] = [],
        subject: String = "subject",
        key: String?
    ) async throws -> EventID? {
        try await value(Self.emission(type, recipients: recipients, subject: subject, key: key))
    }

    static func emission(_ type: String, recipients: [UserID] = [], subject: String, key: String?) -> SQL {
        "SELECT \(sql: call(type, recipients: recipients, subject: subject, key: key))"
    }

    static func call(_ type: String, recipients: [UserID] = [], subject: String, key: String?) -> SQL {
        """
        stoker_emit_event(\(type), NULL, \(recipients), '{"label": "value"}', '{}', '{}', \(subject), \(key), now())
        """
    }

    @discardableResult
    func addEndpoint(_ name: String, events: [String] = []) async throws -> EndpointID {
        let endpoint = Endpoint(name: name, url: "http://127.0.0.1/\(name)", events: events, secret: [1, 2])
        try await store.addEndpoint(endpoint)
        return endpoint.id
    }
}
