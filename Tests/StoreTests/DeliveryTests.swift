// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import PostgresClient
import Store
import TestSupport
import Testing
import Time
import Worker

/// Who sends which delivery, and what an attempt changes.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct DeliveryTests {
    private func withDeliveries(
        _ count: Int,
        sessions: Int = 4,
        _ body: (Fleet, EndpointID) async throws -> Void
    ) async throws {
        try await Fleet.open(sessions: sessions) { fleet in
            let endpoint = try await fleet.addEndpoint("receiver")
            try await fleet.addDeliveries(count, to: endpoint)
            try await body(fleet, endpoint)
        }
    }

    private let first = WorkerID.random()
    private let second = WorkerID.random()

    @Test func `a delivery is leased with all that sending takes`() async throws {
        try await withDeliveries(1) { fleet, endpoint in
            let delivery = try #require(
                try await fleet.store.leaseDeliveries(for: first, limit: 5, lease: .seconds(60)).only
            )
            #expect(delivery.endpoint.id == endpoint)
            #expect(delivery.endpoint.secret == [1, 2])
            #expect(delivery.body == Array("body".utf8))
            #expect(delivery.attempt == 1)
            #expect(try await fleet.store.leaseDeliveries(for: second, limit: 5, lease: .seconds(60)) == [])
        }
    }

    @Test func `many senders never lease the same delivery`() async throws {
        try await withDeliveries(200, sessions: 8) { fleet, _ in
            let leased = try await withThrowingTaskGroup(of: [DeliveryID].self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        var mine: [DeliveryID] = []
                        while true {
                            let more = try await fleet.store.leaseDeliveries(
                                for: .random(),
                                limit: 9,
                                lease: .seconds(60)
                            )
                            if more.isEmpty { return mine }
                            #expect(more.count <= 9)
                            mine += more.map(\.id)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(leased.count == 200)
            #expect(Set(leased).count == 200)
        }
    }

    @Test func `a lease that ended passes to another, with the same id, and the late record changes nothing`()
        async throws
    {
        try await withDeliveries(1) { fleet, _ in
            let lost = try #require(
                try await fleet.store.leaseDeliveries(for: first, limit: 1, lease: .seconds(-1)).only
            )
            let again = try #require(
                try await fleet.store.leaseDeliveries(for: second, limit: 1, lease: .seconds(60)).only
            )
            #expect(again.id == lost.id)
            #expect(again.attempt == 2)
            let late = try await fleet.store.record(DeliveryAttempt(of: lost, .deadLetter(.rejected)), by: first) {
                health,
                _ in
                health.circuit.consecutiveFailures = 9
            }
            #expect(late == false)
            #expect(try await fleet.store.delivery(lost.id).status == .leased)
            #expect(try await fleet.value("SELECT consecutive_failures FROM webhook_endpoints") == 0)
            let recorded = try await fleet.store.record(
                DeliveryAttempt(of: again, .delivered, responseCode: 200, latency: .milliseconds(12), excerpt: "ok"),
                by: second
            )
            #expect(recorded)
            let state = try await fleet.store.delivery(again.id)
            #expect(state.status == .sent)
            #expect(state.attempts == 2)
            #expect(state.responseCode == 200)
            #expect(state.latencyMilliseconds == 12)
            #expect(state.excerpt == "ok")
            let twice = try await fleet.store.record(DeliveryAttempt(of: again, .delivered), by: second)
            #expect(twice == false)
        }
    }

    @Test func `the same worker's own earlier attempt is fenced as well`() async throws {
        try await withDeliveries(1) { fleet, _ in
            let lost = try #require(
                try await fleet.store.leaseDeliveries(for: first, limit: 1, lease: .seconds(-1)).only
            )
            _ = try await fleet.store.leaseDeliveries(for: first, limit: 1, lease: .seconds(60))
            let late = try await fleet.store.record(DeliveryAttempt(of: lost, .delivered), by: first)
            #expect(late == false)
        }
    }

    @Test func `a temporary failure waits for its time`() async throws {
        try await withDeliveries(1) { fleet, _ in
            let delivery = try #require(
                try await fleet.store.leaseDeliveries(for: first, limit: 1, lease: .seconds(60)).only
            )
            _ = try await fleet.store.record(
                DeliveryAttempt(of: delivery, .retry(after: .seconds(30)), responseCode: 503),
                by: first
            ) { health, _ in health.circuit.consecutiveFailures += 1 }
            #expect(try await fleet.store.leaseDeliveries(for: first, limit: 1, lease: .seconds(60)) == [])
            #expect(try await fleet.value("SELECT consecutive_failures FROM webhook_endpoints") == 1)
            try await fleet.sql("UPDATE webhook_deliveries SET next_attempt_at = now()")
            #expect(
                try await fleet.store.leaseDeliveries(for: first, limit: 1, lease: .seconds(60)).map(\.attempt) == [2]
            )
        }
    }

    @Test func `to an endpoint whose circuit is open one delivery is sent, and the others burn no attempts`()
        async throws
    {
        try await withDeliveries(20, sessions: 8) { fleet, broken in
            let healthy = try await fleet.addEndpoint("healthy")
            try await fleet.addDeliveries(1, to: healthy)
            try await fleet.sql(
                """
                UPDATE webhook_endpoints SET opened_at = now(), next_probe_at = now() - interval '1 second'
                WHERE id = \(broken)
                """
            )
            let leased = try await withThrowingTaskGroup(of: [LeasedDelivery].self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await fleet.store.leaseDeliveries(for: .random(), limit: 10, lease: .seconds(60))
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(leased.count { $0.endpoint.id == broken } == 1)
            #expect(leased.count { $0.endpoint.id == healthy } == 1)
            #expect(try await fleet.value("SELECT count(*) FROM webhook_deliveries WHERE attempts > 0") == 2)

            // The prober dies. Its delivery is not sent again before the next probe is due.
            try await fleet.sql(
                "UPDATE webhook_deliveries SET lease_expires_at = now() - interval '1 second' WHERE status = 'leased' AND endpoint_id = \(broken)"
            )
            #expect(try await fleet.store.leaseDeliveries(for: first, limit: 10, lease: .seconds(60)) == [])
            try await fleet.sql("UPDATE webhook_endpoints SET next_probe_at = now() WHERE id = \(broken)")
            #expect(try await fleet.store.leaseDeliveries(for: first, limit: 10, lease: .seconds(60)).count == 1)
        }
    }

    @Test func `no more of an endpoint's deliveries are taken than there is room for`() async throws {
        try await withDeliveries(20) { fleet, slow in
            let fast = try await fleet.addEndpoint("fast")
            try await fleet.addDeliveries(20, to: fast)
            func taken(_ room: [EndpointID: Int], elsewhere: Int) async throws -> [EndpointID: Int] {
                let leased = try await fleet.store.leaseDeliveries(
                    for: first,
                    limit: 30,
                    lease: .seconds(60),
                    room: room,
                    roomElsewhere: elsewhere
                )
                return Dictionary(grouping: leased, by: \.endpoint.id).mapValues(\.count)
            }
            #expect(try await taken([slow: 2], elsewhere: 5) == [slow: 2, fast: 5])
            #expect(try await taken([slow: 0], elsewhere: 3) == [fast: 3])
            #expect(try await taken([slow: -1, fast: 4], elsewhere: 9) == [fast: 4])
            #expect(try await taken([:], elsewhere: 100) == [slow: 18, fast: 8])
        }
    }

    @Test func `what is handed back has cost no attempt, and a late hand-back changes nothing`() async throws {
        try await withDeliveries(1) { fleet, _ in
            let delivery = try #require(
                try await fleet.store.leaseDeliveries(for: first, limit: 1, lease: .seconds(60)).only
            )
            let handedBack = DeliveryAttempt(of: delivery, .handBack)
            let stranger = AttemptRecorder(store: fleet.store, worker: second, logger: .silent)
            #expect(try await stranger.record([handedBack]) == AttemptRecorder.Recorded())
            #expect(try await fleet.store.delivery(delivery.id).status == .leased)
            _ = try await fleet.store.record(handedBack, by: first) { health, _ in
                health.circuit.consecutiveFailures = 9
            }
            #expect(try await fleet.store.delivery(delivery.id).attempts == 0)
            #expect(try await fleet.value("SELECT consecutive_failures FROM webhook_endpoints") == 0)
            let again = try await fleet.store.leaseDeliveries(for: second, limit: 1, lease: .seconds(60))
            #expect(again.map(\.attempt) == [1])
        }
    }

    @Test func `attempts of many endpoints are recorded together, each judged by its own`() async throws {
        try await withDeliveries(5) { fleet, failing in
            let fine = try await fleet.addEndpoint("fine")
            try await fleet.addDeliveries(2, to: fine)
            let leased = try await fleet.store.leaseDeliveries(for: first, limit: 9, lease: .seconds(60))
            let attempts = leased.map { delivery in
                delivery.endpoint.id == fine
                    ? DeliveryAttempt(of: delivery, .delivered, responseCode: 204)
                    : DeliveryAttempt(of: delivery, .retry(after: .seconds(5)), errorClass: "reset")
            }
            let recorder = AttemptRecorder(store: fleet.store, worker: first, logger: .silent)
            let result = try await recorder.record(attempts)
            #expect(result.deliveries == Set(leased.map(\.id)))
            #expect(result.spared == [failing])
            #expect(
                try await fleet.column(
                    "SELECT name || ' ' || consecutive_failures || ' ' || last_error FROM webhook_endpoints ORDER BY name"
                ) == ["fine 0 ", "receiver 5 reset"]
            )
            #expect(
                try await fleet.column("SELECT DISTINCT status::text FROM webhook_deliveries ORDER BY 1")
                    == ["sent", "temporary_failure"]
            )
            #expect(try await fleet.value("SELECT count(last_success_at) FROM webhook_endpoints") == 1)
        }
    }

    @Test func `dead letters are made again with their ids: one, or those that are meant`() async throws {
        try await withDeliveries(4) { fleet, endpoint in
            let other = try await fleet.addEndpoint("other")
            try await fleet.addDeliveries(1, to: other)
            let ids = try await fleet.column(
                "SELECT id FROM webhook_deliveries ORDER BY created_at, id",
                as: DeliveryID.self
            )
            try await fleet.sql(
                """
                UPDATE webhook_deliveries SET status = 'permanent_failure', attempts = 10, completed_at = now()
                WHERE endpoint_id = \(endpoint)
                """
            )
            try await fleet.sql(
                "UPDATE webhook_deliveries SET created_at = now() - interval '1 day' WHERE id = \(ids[0])"
            )
            #expect(try await fleet.store.deliveries(.init(), failed: true, limit: 10).count == 4)
            #expect(try await fleet.store.deliveries(.init(endpoint: other), failed: true, limit: 10) == [])
            #expect(try await fleet.store.deliveries(.init(endpoint: other), failed: false, limit: 10).count == 1)

            let hour = try await fleet.store.now() - .seconds(3600)
            #expect(try await fleet.store.replayDeliveries(.init(type: "another", since: hour)) == 0)
            #expect(try await fleet.store.replayDeliveries(.init(endpoint: other, since: hour)) == 0)
            #expect(try await fleet.store.replayDeliveries(.init(type: "e", since: hour)) == 3)
            #expect(try await fleet.store.deliveries(.init(), failed: true, limit: 10).map(\.id) == [ids[0]])
            try await fleet.store.replayDelivery(ids[0])
            let leased = try await fleet.store.leaseDeliveries(for: first, limit: 10, lease: .seconds(60))
            #expect(Set(leased.map(\.id)) == Set(ids))
            #expect(leased.map(\.attempt) == [1, 1, 1, 1, 1])
            let busy = await #expect(throws: StoreError.self) { try await fleet.store.replayDelivery(ids[0]) }
            #expect(busy?.code == .conflict)
            let unknown = await #expect(throws: StoreError.self) { try await fleet.store.replayDelivery(.random()) }
            #expect(unknown?.code == .notFound)
        }
    }

    @Test func `the backlog is what enabled endpoints wait for, leased or not`() async throws {
        try await withDeliveries(3) { fleet, _ in
            let disabled = try await fleet.addEndpoint("disabled")
            try await fleet.addDeliveries(1, to: disabled)
            try await fleet.sql("UPDATE webhook_endpoints SET enabled = false WHERE id = \(disabled)")
            try await fleet.sql("UPDATE webhook_deliveries SET created_at = now() - interval '5 minutes'")
            let worker = try await fleet.addWorker()
            _ = try await fleet.store.leaseDeliveries(for: worker, limit: 1, lease: .seconds(60))
            let backlog = try #require(try await fleet.store.fleetFacts(for: worker)?.deliveries)
            #expect(backlog.deliveries == 3)
            #expect(backlog.oldestAge >= .seconds(300))
            try await fleet.sql("UPDATE webhook_deliveries SET status = 'sent'")
            #expect(
                try await fleet.store.fleetFacts(for: worker)?.deliveries
                    == DeliveryBacklog(deliveries: 0, oldestAge: .zero)
            )
        }
    }

    @Test func `an endpoint that is enabled gets at once what was to wait for its next attempt`() async throws {
        try await withDeliveries(2) { fleet, endpoint in
            try await fleet.sql(
                "UPDATE webhook_deliveries SET status = 'temporary_failure', next_attempt_at = now() + interval '1 day'"
            )
            let worker = try await fleet.addWorker()
            #expect(try await fleet.store.leaseDeliveries(for: worker, limit: 9, lease: .seconds(60)).isEmpty)
            try await fleet.store.enableEndpoint(endpoint)
            #expect(try await fleet.store.leaseDeliveries(for: worker, limit: 9, lease: .seconds(60)).count == 2)
        }
    }

    @Test func `a test that failed is no dead letter`() async throws {
        try await withDeliveries(2) { fleet, _ in
            try await fleet.sql("UPDATE webhook_deliveries SET status = 'permanent_failure'")
            #expect(try await fleet.store.overview().deliveries.dead == 2)
            try await fleet.sql("UPDATE webhook_deliveries SET is_trial = true")
            #expect(try await fleet.store.overview().deliveries.dead == 0)
        }
    }

    @Test func `a disabled endpoint gets trials alone`() async throws {
        try await withDeliveries(2) { fleet, endpoint in
            try await fleet.sql("UPDATE webhook_endpoints SET enabled = false")
            #expect(try await fleet.store.leaseDeliveries(for: first, limit: 5, lease: .seconds(60)) == [])
            let ping = Delivery(
                id: .random(),
                eventID: .random(),
                endpointID: endpoint,
                body: [1],
                contentType: "application/json"
            )
            try await fleet.store.addPing(ping)
            let leased = try await fleet.store.leaseDeliveries(for: first, limit: 5, lease: .seconds(60))
            #expect(leased.map(\.isTrial) == [true])
            #expect(leased.map(\.id) == [ping.id])
        }
    }

    @Test func `an endpoint that is given up is disabled, and the others are told`() async throws {
        try await withDeliveries(1) { fleet, endpoint in
            let delivery = try #require(
                try await fleet.store.leaseDeliveries(for: first, limit: 1, lease: .seconds(60)).only
            )
            _ = try await fleet.store.record(
                DeliveryAttempt(of: delivery, .disableEndpoint, responseCode: 410, errorClass: "gone"),
                by: first
            ) { health, now in
                (health.isEnabled, health.disabledReason) = (false, "it answered 410")
                (health.circuit.failingSince, health.lastStatus) = (now, 410)
            }
            let stored = try #require(try await fleet.store.endpoints(named: "receiver").only)
            #expect(stored.id == endpoint)
            #expect(!stored.isEnabled)
            #expect(stored.health.disabledReason == "it answered 410")
            #expect(
                try await fleet.column(
                    "SELECT data->>'reason' FROM notification_events WHERE type = 'webhook_endpoint_disabled'"
                )
                    == ["it answered 410"]
            )
            #expect(try await fleet.value("SELECT last_status FROM webhook_endpoints") == 410)
        }
    }
}
