// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// `stoker webhooks` with the built binary, a worker that runs, and a real receiver.
@Suite(.database, .timeLimit(.minutes(2))) struct WebhooksCommandTests {
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let key = ["STOKER_ENCRYPTION_KEY": Data((0..<32).map { UInt8($0) }).base64EncodedString()]

    private struct Shown: Decodable {
        let name: String
        let url: String
        let enabled: Bool
        let disabled_reason: String
        let source: String
        let secret: String?
        let public_key: String?
        let signatures: [String]?
        let headers: [String]?
        let waiting: Int?
        let dead_letters: Int?
        let previous_secret_until: String?
    }

    private struct Delivery: Decodable {
        let id: String
        let event_type: String
        let status: String
        let attempts: Int
        let response_code: Int?
    }

    private struct Replayed: Decodable { let replayed: Int }

    @Test func `an endpoint's life: added, tried, rotated, disabled, enabled, removed`() async throws {
        let receiver = try await WebhookReceiver.start(secrets: [Self.secret])
        let fleet = try await Fleet(settings: Self.key)
        try await fleet.run("migrate")
        let worker = try await fleet.worker("one")
        let url = receiver.url("/ok/T0KEN")
        let added = try await fleet.json(
            Shown.self,
            "webhooks",
            "add",
            "hook",
            url,
            "--secret",
            Self.secret,
            "--header",
            "X-Key=v3ry-secret",
            "--ed25519"
        )
        #expect(added.secret == nil)
        #expect(added.public_key?.hasPrefix("whpk_") == true)

        try await fleet.run("webhooks", "test", "hook")
        let ping = try await receiver.requests(1)[0]
        #expect(ping.verified)
        #expect(ping.body.contains("\"type\":\"ping\""))
        #expect(ping.headers["x-key"] == "v3ry-secret")
        let signature = try #require(ping.headers["webhook-signature"])
        #expect(signature.split(separator: " ").map { $0.prefix { $0 != "," } } == ["v1", "v1a"])

        // It is sealed where it is stored, and never shown again.
        try await DatabaseWatch.on(fleet.database) { watch in
            let stored = try await watch.number(
                """
                SELECT count(*)::int FROM webhook_endpoints
                WHERE position('whsec_'::bytea IN secret) > 0 OR position('whsk_'::bytea IN signing_key) > 0
                """
            )
            #expect(stored == 0)
        }
        for format in ["table", "json"] {
            for command in [["list"], ["show", "hook"], ["deliveries"]] {
                let outcome = try await fleet.stoker(["webhooks"] + command + ["--output", format])
                let text = outcome.standardOutput.joined(separator: "\n")
                #expect(text.contains("hook"))
                for hidden in [Self.secret, "T0KEN", "v3ry-secret"] { #expect(!text.contains(hidden), "\(command)") }
            }
        }
        let shown = try await fleet.json(Shown.self, "webhooks", "show", "hook")
        #expect(shown.signatures == ["v1", "v1a"])
        #expect(shown.headers == ["X-Key"])

        // The receiver still knows only the previous secret.
        let rotated = try await fleet.json(Shown.self, "webhooks", "rotate-secret", "hook")
        let secret = try #require(rotated.secret)
        try await fleet.run("webhooks", "test", "hook")
        #expect(try await fleet.json(Shown.self, "webhooks", "show", "hook").previous_secret_until != nil)
        let changed = try await WebhookReceiver.start(secrets: [secret])
        try await DatabaseWatch.on(fleet.database) { watch in
            _ = try await watch.column("UPDATE webhook_endpoints SET url = \(changed.url("/ok")) RETURNING name")
        }
        try await fleet.run("webhooks", "test", "hook")
        #expect(try await changed.requests(1)[0].verified)
        // Without an overlap, the previous secret is invalid at once.
        try await fleet.run("webhooks", "rotate-secret", "hook", "--overlap", "0s")
        let refused = try await fleet.stoker("webhooks", "test", "hook")
        #expect(!refused.status.isSuccess)
        #expect(refused.standardOutput.first?.contains("with status 401") == true)

        let disabled = try await fleet.json(Shown.self, "webhooks", "disable", "hook", "--reason", "moving")
        #expect(!disabled.enabled && disabled.disabled_reason.hasPrefix("moving ("))
        #expect(try await fleet.json(Shown.self, "webhooks", "enable", "hook").enabled)
        try await fleet.run("webhooks", "remove", "hook")
        #expect(try await fleet.stoker("webhooks", "show", "hook").status.isSuccess == false)
        #expect(try await fleet.json([Shown].self, "webhooks", "list").isEmpty)
        worker.send(.terminate)
        _ = try await worker.exit()
    }

    @Test func `dead letters are listed and replayed with the same ids`() async throws {
        let receiver = try await WebhookReceiver.start(secrets: [Self.secret])
        let fleet = try await Fleet()
        try await fleet.run("migrate")
        try await fleet.run("webhooks", "add", "hook", receiver.url("/flaky/1"), "--secret", Self.secret)
        try await DatabaseWatch.on(fleet.database) { watch in
            // An attempt that fails now is the last of the schedule.
            _ = try await watch.column(
                "SELECT stoker_emit_event('worker_lost', NULL, '{}', '{}', '{}', '{}', 's', NULL, now())::text"
            )
            let worker = try await fleet.worker("one")
            _ = try await watch.until("a failed attempt") {
                try await watch.number(
                    "SELECT count(*)::int FROM webhook_deliveries WHERE status = 'temporary_failure'"
                )
                    == 1 ? true : nil
            }
            _ = try await watch.column(
                "UPDATE webhook_deliveries SET status = 'permanent_failure', attempts = 10 RETURNING id::text"
            )
            let failed = try await fleet.json([Delivery].self, "webhooks", "deliveries", "--failed")
            #expect(
                failed.map { "\($0.event_type) \($0.status) \($0.attempts) \($0.response_code ?? 0)" } == [
                    "worker_lost permanent_failure 10 500"
                ]
            )
            let id = try #require(failed.first?.id)
            let none = ["webhooks", "replay", "--since", "2020-01-01T00:00:00Z", "--type"]
            #expect(try await fleet.replay(none + ["ping"]) == 0)
            #expect(try await fleet.replay(none + ["worker_lost"]) == 1)
            let requests = try await receiver.requests(2)
            #expect(requests.map { $0.headers["webhook-id"] } == [id, id])
            #expect(requests[0].body == requests[1].body)
            _ = try await watch.until("the record") {
                try await watch.number("SELECT count(*)::int FROM webhook_deliveries WHERE status = 'sent'") == 1
                    ? true : nil
            }
            // A delivered one can be replayed by its id.
            #expect(try await fleet.replay(["webhooks", "replay", id]) == 1)
            #expect(try await receiver.requests(3).last?.headers["webhook-id"] == id)
            worker.send(.terminate)
            _ = try await worker.exit()
        }
        for wrong in [[], ["x"], ["--since", "yesterday"], ["--since", "2020-01-01T00:00:00Z", "--type", "pong"]] {
            #expect(try await fleet.stoker(["webhooks", "replay"] + wrong).status.isSuccess == false, "\(wrong)")
        }
    }

    @Test func `the configuration's endpoint comes and goes with its settings, and rotates with them`() async throws {
        let receiver = try await WebhookReceiver.start(secrets: [Self.secret])
        let settings = [
            "STOKER_NOTIFICATIONS_WEBHOOK_URL": receiver.url("/ok"), "STOKER_NOTIFICATIONS_WEBHOOK_SECRET": Self.secret,
        ]
        let fleet = try await Fleet(settings: Self.key)
        try await fleet.run("migrate")
        func run(_ settings: [String: String], _ body: () async throws -> Void) async throws {
            let worker = try await fleet.worker("one", settings: settings)
            _ = try await worker.line(containing: "worker started")
            try await body()
            worker.send(.terminate)
            _ = try await worker.exit()
        }
        try await run(settings) { try await fleet.run("webhooks", "test", "configuration") }
        #expect(try await fleet.stoker("webhooks", "rotate-secret", "configuration").status.isSuccess == false)
        #expect(try await fleet.stoker("webhooks", "remove", "configuration").status.isSuccess == false)

        // With another secret, the one that this receiver knows signs too for a day.
        let other = [
            "STOKER_NOTIFICATIONS_WEBHOOK_SECRET": "whsec_" + Data((0..<24).map { UInt8($0) }).base64EncodedString()
        ]
        for _ in 0..<2 {
            try await run(settings.merging(other) { $1 }) { try await fleet.run("webhooks", "test", "configuration") }
        }
        try await run([:]) {
            let gone = try await fleet.json([Shown].self, "webhooks", "list")
            #expect(
                gone.map { "\($0.name) \($0.enabled) \($0.disabled_reason)" } == [
                    "configuration false its setting is gone"
                ]
            )
        }
        try await run(settings) {
            let back = try await fleet.json([Shown].self, "webhooks", "list")
            #expect(back.map { $0.enabled } == [true])
        }
        #expect(
            try await fleet.stoker("webhooks", "add", "configuration", receiver.url("/ok")).status.isSuccess == false
        )
    }

    @Test func `schema events prints a JSON Schema for each type`() async throws {
        let fleet = try await Fleet()
        try await fleet.run("migrate")
        struct Schema: Decodable { let title: String }
        let all = try await fleet.decoded([String: Schema].self, "schema", "events")
        #expect(Set(all.keys) == Set(EventType.allCases.map(\.rawValue)))
        #expect(all.allSatisfy { $0.key == $0.value.title })
        #expect(try await fleet.decoded(Schema.self, "schema", "events", "worker_lost").title == "worker_lost")
        #expect(try await fleet.stoker("schema", "events", "worker_los").status.isSuccess == false)
    }
}

extension Fleet {
    fileprivate func replay(_ arguments: [String]) async throws -> Int {
        struct Replayed: Decodable { let replayed: Int }
        let outcome = try await stoker(arguments + ["--output", "json"])
        guard outcome.status.isSuccess else { throw CommandFailed(arguments: arguments, outcome: outcome) }
        let text = outcome.standardOutput.joined(separator: "\n")
        return try JSONDecoder().decode(Replayed.self, from: Data(text.utf8)).replayed
    }

    /// Runs a command that prints JSON of its own accord.
    fileprivate func decoded<Value: Decodable>(_ type: Value.Type, _ arguments: String...) async throws -> Value {
        let outcome = try await stoker(arguments)
        guard outcome.status.isSuccess else { throw CommandFailed(arguments: arguments, outcome: outcome) }
        return try JSONDecoder().decode(type, from: Data(outcome.standardOutput.joined(separator: "\n").utf8))
    }
}
