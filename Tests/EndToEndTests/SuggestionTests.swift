// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import TestSupport
import Testing

/// What a slip of the hand comes to, with the built binary.
@Suite(.timeLimit(.minutes(3))) struct SuggestionTests {
    private static func says(_ fleet: Fleet, _ line: String, _ code: Int32, _ words: String) async throws {
        let outcome = try await fleet.stoker(line.split(separator: " ").map(String.init))
        #expect(outcome.status == .exited(code), "\(line): \(outcome)")
        let said = outcome.standardError.joined(separator: "\n")
        #expect(said.contains("id you mean '\(words)'?"), "\(line): \(said)")
    }

    @Test(.database(.currentSchema)) func `names that are nearly right are suggested`() async throws {
        let fleet = try await Fleet()
        try await fleet.run("users", "add", "alice")
        try await fleet.run("webhooks", "add", "chat", "https://example.com/x")
        let worker = try await fleet.worker("builder")
        try await fleet.run("templates", "push", Fleet.example("process-local"))
        try await Self.says(fleet, "statsu", 64, "stoker status")
        try await Self.says(fleet, "claim process-loacl --owner alice --name dev", 2, "process-local")
        try await Self.says(fleet, "claim process-local --preset bas --owner alice --name dev", 2, "base")
        try await Self.says(fleet, "claim process-local --owner alcie --name dev", 2, "alice")
        try await Self.says(fleet, "tokens add laptop --user alic", 2, "alice")
        try await Self.says(fleet, "presets reset proces-local", 2, "process-local")
        try await Self.says(fleet, "presets reset process-local/bsae", 2, "base")
        try await Self.says(fleet, "templates versions process-loca", 2, "process-local")
        try await Self.says(fleet, "pools simulate process-local/bas", 2, "process-local/base")
        try await Self.says(fleet, "schedule preview process-loacl", 2, "process-local")
        try await Self.says(fleet, "workers drain bulider", 2, "builder")
        try await Self.says(fleet, "webhooks show caht", 2, "chat")
        try await fleet.run("claim", "process-local", "--owner", "alice", "--name", "notebook", "--wait")
        try await Self.says(fleet, "workspaces show notebok", 2, "notebook")
        worker.send(.terminate)
        try await worker.exit(within: .seconds(60))
    }

    @Test(.database(.currentSchema)) func `an endpoint with waiting deliveries goes only by force`() async throws {
        let fleet = try await Fleet()
        try await fleet.run("webhooks", "add", "hook", "https://example.com/x")
        try await DatabaseWatch.on(fleet.database) { watch in
            _ = try await watch.column(
                """
                WITH event AS (
                    INSERT INTO notification_events (type) VALUES ('worker_lost') RETURNING id
                )
                INSERT INTO webhook_deliveries (event_id, endpoint_id)
                SELECT event.id, e.id FROM event, webhook_endpoints e RETURNING id::text
                """
            )
        }
        let refused = try await fleet.stoker("webhooks", "remove", "hook")
        #expect(refused.status == .exited(2))
        #expect(refused.standardError.joined().contains("1 delivery waits for 'hook'"), "\(refused)")
        try await fleet.run("webhooks", "show", "hook")
        try await fleet.run("webhooks", "remove", "hook", "--force")
        #expect(try await fleet.stoker("webhooks", "show", "hook").status == .exited(2))
    }

    @Test(.database(.currentSchema)) func `plain http to another machine needs the setting`() async throws {
        let fleet = try await Fleet()
        for url in ["http://example.com/x", "http://8.8.8.8/x"] {
            let refused = try await fleet.stoker("webhooks", "add", "hook", url)
            #expect(refused.status == .exited(2))
            #expect(refused.standardError.joined().contains("notifications.allow_plain_http"), "\(refused)")
        }
        try await fleet.run("webhooks", "add", "near", "http://localhost:9/x")
        try await fleet.run(
            "webhooks",
            "add",
            "far",
            "http://example.com/x",
            "--set",
            "notifications.allow_plain_http=true"
        )
    }

    @Test(.database(.currentSchema)) func `a pipe gets whole states without control characters`() async throws {
        let fleet = try await Fleet(settings: ["TERM": "xterm", "TZ": "Europe/Berlin"])
        let status = try await fleet.start(["status", "--watch"])
        _ = try await status.line("a whole state") { $0.text.hasPrefix("Webhooks:") }
        let lines = status.text(of: .standardOutput)
        status.send(.interrupt)
        _ = try await status.exit()
        #expect(!lines.joined().unicodeScalars.contains { $0.value == 27 })
        #expect(lines[0].hasSuffix(" Europe/Berlin"))
    }
}
