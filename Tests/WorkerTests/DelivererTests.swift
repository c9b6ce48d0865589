// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import PostgresClient
import Store
import TestSupport
import Testing
import Webhooks

@testable import Worker

/// From the outbox to receivers that are real processes, good and bad ones.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct DelivererTests {
    private func receiver() async throws -> WebhookReceiver {
        try await WebhookReceiver.start(secrets: [TestPools.secret.encoded])
    }

    /// The next attempt's endpoint, status, code or error class, and what the endpoint is after it.
    private func result(_ attempt: DeliveryAttempt) -> String {
        let answer = attempt.responseCode.map { "\($0)" } ?? attempt.errorClass
        return "\(attempt.delivery.endpoint.name) \(attempt.outcome.status.rawValue) \(answer)"
    }

    @Test func `every kind of bad receiver gets what it deserves, and its neighbours get their events`() async throws {
        let receiver = try await receiver()
        let paths: [(path: String, result: String)] = [
            ("/ok", "sent 200"), ("/status/500", "temporary_failure 500"),
            ("/status/503?retry_after=3600", "temporary_failure 503"),
            ("/status/429?retry_date=7200", "temporary_failure 429"), ("/redirect", "temporary_failure 302"),
            ("/status/410", "permanent_failure 410"), ("/hang", "temporary_failure timeout"),
            ("/reset", "temporary_failure reset"), ("/drip", "temporary_failure timeout"), ("/large", "sent 200"),
            ("/status/404", "temporary_failure 404"), ("/nul", "sent 200"),
        ]
        try await TestPools.open { pools in
            for (index, path) in paths.enumerated() {
                try await pools.addEndpoint("e\(index)", receiver.url(path.path))
            }
            try await pools.emit(1)
            var attempts: [String: DeliveryAttempt] = [:]
            try await RunningDeliverer.fleet(of: 1, on: pools.store, timeout: .seconds(2)) { fleet in
                while attempts.count < paths.count {
                    let attempt = try await fleet[0].attempts.next("an attempt")
                    if attempt.delivery.attempt == 1 { attempts[attempt.delivery.endpoint.name] = attempt }
                }
            }
            for (index, path) in paths.enumerated() {
                #expect(attempts["e\(index)"].map(result) == "e\(index) \(path.result)", "\(path.path)")
            }
            func wait(_ index: Int) -> Double {
                guard case .retry(let wait) = attempts["e\(index)"]?.outcome else { return 0 }
                return wait / .seconds(1)
            }
            // The schedule's first wait and its jitter; Retry-After, as seconds and as a date, is longer.
            for index in [1, 4, 6, 7, 8, 10] { #expect((4...6).contains(wait(index)), "\(paths[index].path)") }
            #expect(wait(2) == 3_600)
            #expect((7_195...7_201).contains(wait(3)))
            #expect(attempts["e11"]?.excerpt == "so\u{FFFD}so")
            #expect(try await pools.store.endpoints().filter { !$0.isEnabled }.map(\.name) == ["e5"])
            let kept = try await pools.sql(
                "SELECT excerpt FROM webhook_deliveries WHERE status = 'sent' ORDER BY excerpt"
            )
            #expect(try kept.map { try $0.decode(String.self) }.contains("so\u{FFFD}so"))
        }
        let received = try receiver.received
        #expect(received.filter { $0.path == "/target" } == [])
        #expect(received.allSatisfy { $0.verified })
    }

    @Test func `a change that is rolled back sends nothing`() async throws {
        let receiver = try await receiver()
        try await TestPools.open { pools in
            try await pools.addEndpoint("hook", receiver.url("/ok"))
            struct ChangedMind: Error {}
            try await RunningDeliverer.fleet(of: 1, on: pools.store) { fleet in
                await #expect(throws: ChangedMind.self) {
                    try await pools.store.pool.withTransaction("test") { transaction in
                        _ = try await transaction.execute(
                            Statement(
                                "test",
                                "SELECT stoker_emit_event('worker_lost', NULL, '{}', '{}', '{}', '{}', 's', NULL, now())"
                            )
                        )
                        throw ChangedMind()
                    }
                }
                fleet[0].bell.ring()
                // What comes after it arrives, and alone.
                try await pools.emit(1, type: "worker_drained")
                fleet[0].bell.ring()
                _ = try await fleet[0].attempts.next("an attempt")
            }
        }
        #expect(try receiver.received.map { $0.body.contains("worker_drained") } == [true])
    }

    @Test func `an endpoint that hangs holds up no other, and is not given more than it can take`() async throws {
        let receiver = try await receiver()
        try await TestPools.open { pools in
            let hanging = try await pools.addEndpoint("hanging", receiver.url("/hang"), concurrency: 4)
            // What waits for it is older than anything else.
            try await pools.emit(300)
            let deliverer = try RunningDeliverer(pools.store, timeout: .seconds(30))
            _ = try await receiver.requests(4)
            let fine = try await pools.addEndpoint("fine", receiver.url("/ok"))
            try await pools.emit(200)
            deliverer.bell.ring()
            var arrived = 0
            while arrived < 200 {
                let attempt = try await deliverer.attempts.next("an attempt")
                // Not one of the hanging requests has ended before the last of the others.
                #expect(attempt.delivery.endpoint.id == fine)
                #expect(attempt.outcome == .delivered)
                arrived += 1
            }
            #expect(try receiver.received.count { $0.path == "/hang" } == 4)
            #expect(try await pools.deliveries("status = 'leased' AND endpoint_id = '\(hanging)'") <= 16)
            // Those in line are handed back at the end; only those on their way have cost an attempt.
            try await receiver.end()
            try await deliverer.stop()
            #expect(try await pools.deliveries("attempts > 0 AND endpoint_id = '\(hanging)'") <= 4 * 4)
            #expect(try await pools.deliveries("status = 'leased'") == 0)
        }
    }

    @Test func `of 500 events five workers send a dead endpoint one probe in each interval`() async throws {
        let receiver = try await receiver()
        try await TestPools.open(sessions: 16) { pools in
            let dead = try await pools.addEndpoint("dead", receiver.url("/status/500"), concurrency: 2)
            try await pools.emit(500)
            try await RunningDeliverer.fleet(of: 5, on: pools.store) { fleet in
                try await pools.opened(dead)
                // Five failures open it. Each worker has two requests on their way at most, and may begin two more before it
                // has learned of that.
                let before = try await pools.settled(fleet)
                #expect(before <= 5 + 5 * (2 + 2))
                for probe in 1...3 {
                    // The interval passes.
                    try await pools.sql("UPDATE webhook_endpoints SET next_probe_at = now() WHERE id = \(dead)")
                    for deliverer in fleet { deliverer.bell.ring() }
                    _ = try await receiver.requests(before + probe)
                    #expect(try await pools.settled(fleet) == before + probe)
                }
                #expect(try receiver.received.count == before + 3)
            }
            // Nothing else was tried, and the interval grows.
            let attempts = try await pools.value("SELECT sum(attempts)::int FROM webhook_deliveries", as: Int.self)
            let received = try receiver.received.count
            #expect(attempts == received)
            #expect(try await pools.value("SELECT probe_attempt FROM webhook_endpoints", as: Int.self) >= 3)
        }
    }

    @Test func `a ping that arrives enables an endpoint, one that does not changes nothing`() async throws {
        let receiver = try await receiver()
        try await TestPools.open { pools in
            let fine = try await pools.addEndpoint("fine", receiver.url("/ok"))
            let broken = try await pools.addEndpoint("broken", receiver.url("/status/503"))
            try await pools.sql(
                "UPDATE webhook_endpoints SET enabled = false, disabled_reason = 'it answered 410 Gone'"
            )
            try await RunningDeliverer.fleet(of: 1, on: pools.store) { fleet in
                for endpoint in [fine, broken] {
                    let ping = Delivery(
                        id: .random(),
                        eventID: .random(),
                        endpointID: endpoint,
                        body: [1],
                        contentType: "text/plain"
                    )
                    try await pools.store.addPing(ping)
                }
                fleet[0].bell.ring()
                var seen: Set<String> = []
                for _ in 0..<2 { seen.insert(result(try await fleet[0].attempts.next("an attempt"))) }
                #expect(seen == ["fine sent 200", "broken permanent_failure 503"])
            }
            let endpoints = try await pools.store.endpoints()
            #expect(
                endpoints.map { "\($0.name) \($0.isEnabled) \($0.health.disabledReason)" } == [
                    "broken false it answered 410 Gone", "fine true ",
                ]
            )
        }
    }

    @Test func `no record repeats a secret that the receiver echoes`() async throws {
        let receiver = try await receiver()
        try await TestPools.open { pools in
            try await pools.addEndpoint(
                "echo",
                receiver.url("/echo/T0KEN-in-path"),
                headers: ["Authorization": "Bearer hunter2222"]
            )
            try await pools.emit(1)
            try await RunningDeliverer.fleet(of: 1, on: pools.store) { fleet in
                let excerpt = try await fleet[0].attempts.next("an attempt").excerpt
                #expect(excerpt.contains("[hidden]"))
                #expect(!excerpt.contains("hunter2222"))
                #expect(!excerpt.contains("T0KEN"))
            }
        }
    }

    @Test func `an event that is subscribed to before it is committed is never missed`() async throws {
        let receiver = try await receiver()
        try await TestPools.open { pools in
            // The dispatcher has begun, and waits for the event's row, when the endpoint is added.
            try await pools.emit(1)
            let seen = TestSignal<Int>()
            let deliverer = try Deliverer.reachingThisMachine(pools.store)
            let store = pools.store
            try await store.pool.withTransaction("test") { transaction in
                _ = try await transaction.execute(
                    Statement("test", "LOCK TABLE notification_events IN ACCESS EXCLUSIVE MODE")
                )
                Task {
                    _ = try await deliverer.dispatch()
                    seen.send(try await pools.deliveries("true"))
                }
                try await pools.waiting(for: "notification_events")
                try await pools.addEndpoint("late", receiver.url("/ok"))
            }
            #expect(try await seen.next("a dispatch") == 1)
        }
    }
}

extension TestPools {
    /// Waits until the endpoint's circuit is open.
    fileprivate func opened(_ endpoint: EndpointID) async throws {
        while try await value("SELECT opened_at IS NULL FROM webhook_endpoints WHERE id = \(endpoint)", as: Bool.self) {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// How many attempts were made, once nothing is leased any more, and every deliverer has looked again.
    fileprivate func settled(_ fleet: [RunningDeliverer]) async throws -> Int {
        for deliverer in fleet { deliverer.bell.ring() }
        while try await deliveries("status = 'leased'") > 0 { try await Task.sleep(for: .milliseconds(20)) }
        return try await value("SELECT sum(attempts)::int FROM webhook_deliveries")
    }

    /// Waits until a session waits for a lock on the table.
    fileprivate func waiting(for table: String) async throws {
        while try await value(
            "SELECT count(*)::int FROM pg_locks WHERE NOT granted AND relation = \(table)::regclass",
            as: Int.self
        ) == 0 {
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
