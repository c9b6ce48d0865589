// SPDX-License-Identifier: Apache-2.0

import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A wrong setting stops the commands that use it, and no others. What is no setting at all stops all of them.
@Suite(.database(.currentSchema), .timeLimit(.minutes(3))) struct WrongSettingTests {
    /// What a command line came to: its exit code, and what it said on standard error.
    private static func ask(_ fleet: Fleet, _ line: String) async throws -> (code: Int32, said: [String]) {
        let outcome = try await fleet.stoker(line.split(separator: " ").map(String.init))
        guard case .exited(let code) = outcome.status else {
            throw Fleet.CommandFailed(arguments: [line], outcome: outcome)
        }
        return (code, outcome.standardError)
    }

    private static let claim = "claim nothing --owner nobody --name dev"
    private static let clients = [
        "users list", "workspaces list", "jobs list", "workers list", "templates list", "tokens list", "webhooks list",
        "maintenance status", "status", "plan",
    ]

    @Test func `a worker's wrong settings stop no client, and the worker as they always did`() async throws {
        let fleet = try await Fleet()
        let file = try fleet.template(
            "settings",
            ["stoker.yaml": "http:\n  address: nowhere\nworker:\n  template_processes: many\n  name: {a: b}\n"]
        ).appending("stoker.yaml").string
        for line in Self.clients {
            let (code, said) = try await Self.ask(fleet, "\(line) --config \(file)")
            #expect(code == 0, "\(line): \(said)")
        }
        // Refused by the database, which has no such user.
        #expect(try await Self.ask(fleet, "\(Self.claim) --config \(file)").code == 2)
        for line in ["worker", "doctor", "config print"] {
            let (code, said) = try await Self.ask(fleet, "\(line) --config \(file)")
            #expect(code == 78)
            #expect(
                said == [
                    "error: \(file):5: 'worker.name': expected text, found a mapping",
                    "error: \(file):4: 'worker.template_processes': expected a whole number from 0 to 4194304, found 'many'",
                ],
                "\(line)"
            )
        }
    }

    @Test func `what does not fit together stops the worker alone`() async throws {
        let fleet = try await Fleet(
            settings: [
                "STOKER_HTTP_ADDRESS": "nowhere", "STOKER_WORKER_LEASE_DURATION": "2s",
                "STOKER_NOTIFICATIONS_ALLOW_NETWORKS": "10.0.0.1/8",
            ]
        )
        for line in Self.clients { #expect(try await Self.ask(fleet, line).code == 0, "\(line)") }
        #expect(try await Self.ask(fleet, Self.claim).code == 2)
        let problems = [
            "error: worker.heartbeat_interval: expected at most a third of worker.lease_duration (2s), found '1s'",
            "error: http.address: expected host:port, such as 127.0.0.1:8080, found 'nowhere'",
            "error: notifications.allow_networks: network '10.0.0.1/8': bits after the prefix are set; did you mean "
                + "10.0.0.0/8?",
        ]
        for line in ["worker", "doctor"] {
            let (code, said) = try await Self.ask(fleet, line)
            #expect(code == 78)
            #expect(said == problems, "\(line)")
        }
    }

    @Test(arguments: [
        (
            "STOKER_ENCRYPTION_KEY=short", "webhooks add hook https://example.com",
            "encryption.key (STOKER_ENCRYPTION_KEY)"
        ),
        ("STOKER_ENCRYPTION_KEY=short", "webhooks rotate-secret hook", "encryption.key (STOKER_ENCRYPTION_KEY)"),
        (
            "STOKER_NOTIFICATIONS_ALLOW_NETWORKS=here", "webhooks add hook https://example.com",
            "allow_networks: network"
        ),
        ("STOKER_PREBUILDS_FAILURE_HARD_LIMIT=few", "plan", "STOKER_PREBUILDS_FAILURE_HARD_LIMIT: expected a whole"),
        ("STOKER_WORKER_DRAIN_DEADLINE=soon", "workers drain one", "STOKER_WORKER_DRAIN_DEADLINE: expected a duration"),
        (
            "STOKER_NOTIFICATIONS_WEBHOOK_URL=https://example.com", "doctor",
            "notifications.webhook.secret: expected a secret"
        ),
        ("STOKER_HTTP_ADDRESS=nowhere", "healthcheck", "http.address: expected host:port"),
        ("STOKER_DATABASE_URL_FILE=/nowhere", "users list", "STOKER_DATABASE_URL_FILE: the file '/nowhere'"),
    ])
    func `a wrong setting stops those that use it, and a claim only when it does`(
        setting: String,
        line: String,
        problem: String
    ) async throws {
        let parts = setting.split(separator: "=").map(String.init)
        // A URL comes before its file.
        let fleet = try await Fleet(
            settings: parts[0].hasSuffix("_FILE")
                ? [parts[0]: parts[1], "STOKER_DATABASE_URL": ""] : [parts[0]: parts[1]]
        )
        let (code, said) = try await Self.ask(fleet, line)
        #expect(code == 78)
        #expect(said.count == 1 && said.joined().contains(problem), "\(said)")
        let usesDatabase = setting.contains("DATABASE")
        #expect(try await Self.ask(fleet, Self.claim).code == (usesDatabase ? 78 : 2))
    }

    @Test func `what is no setting stops every command`() async throws {
        let fleet = try await Fleet()
        let file = try fleet.template("settings", ["stoker.yaml": "worker:\n  concurency: 2\n"])
            .appending("stoker.yaml").string
        let problem = "there is no setting 'worker.concurency'; did you mean 'worker.concurrency'?"
        for line in [Self.claim, "status", "worker"] {
            let inFile = try await Self.ask(fleet, "\(line) --config \(file)")
            #expect(inFile.code == 78)
            #expect(inFile.said == ["error: \(file):2: \(problem)"])
            let inFlag = try await Self.ask(fleet, "\(line) --set worker.concurency=2")
            #expect(inFlag.code == 78)
            #expect(inFlag.said == ["error: \(problem)"])
        }
    }
}
