// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// An agent inside a workspace, with the built binary: what it receives, what it reports, and which events it gets.
/// Here curl is the agent.
@Suite struct AgentTests {
    private struct Claimed: Decodable {
        let outcome: String
        let workspace_id: String
        let build_id: String
        let job_id: String
    }

    /// A template that writes down what its builds receive, and prints its token.
    private static func template(_ fleet: Fleet) throws -> String {
        let directory = try fleet.template(
            "agents",
            [
                "stoker.yaml": """
                name: agents
                provisioner: process
                agents: [main]
                presets:
                  - name: one
                    default: true
                    prebuilds: { instances: 1 }
                """,
                "provision": """
                #!/bin/sh
                set -eu
                cat >/dev/null
                echo "my token is $STOKER_AGENT_TOKEN_MAIN"
                echo "and again: $STOKER_AGENT_TOKEN_MAIN" >&2
                echo "$STOKER_BUILD_NUMBER $STOKER_AGENT_TOKEN_MAIN $STOKER_URL" >>"\(fleet.directory)/$STOKER_WORKSPACE_ID"
                echo '{"type":"result"}'
                """,
            ]
        )
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: directory.appending("provision").string
        )
        return directory.string
    }

    /// What the builds of a workspace were given, one element a build.
    private struct Given {
        let builds: [[String]]

        init(_ fleet: Fleet, _ workspace: String) throws {
            let text = try String(contentsOfFile: "\(fleet.directory)/\(workspace)", encoding: .utf8)
            builds = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        }

        var token: String { builds[0][1] }
        var url: String { builds[0][2] }
    }

    /// Calls a route as the agent does.
    private func curl(_ given: Given, _ path: String, _ arguments: String...) async throws -> RunningProcess {
        try await RunningProcess.start(
            "/usr/bin/curl",
            ["--silent", "--no-buffer", "--header", "Authorization: Bearer \(given.token)"] + arguments + [
                "\(given.url)/api/v1/agents/me/\(path)"
            ]
        )
    }

    /// The id of a running prebuild that has not been seen before.
    private func prebuild(_ watch: DatabaseWatch, besides seen: [String] = []) async throws -> String {
        try await watch.until("a prebuild to be up") {
            try await watch.column("SELECT workspace_id::text FROM workspace_prebuilds WHERE running")
                .first { !seen.contains($0) }
        }
    }

    private func eligible(_ watch: DatabaseWatch) async throws -> Int {
        try await watch.number("SELECT count(*) FROM workspace_prebuilds WHERE eligible")
    }

    private func ready(_ given: Given) async throws -> [String] {
        let report = try await curl(given, "ready", "--data", #"{"state":"ready"}"#, "--write-out", "\n%{http_code}")
        #expect(try await report.exit() == .exited(0))
        return report.text(of: .standardOutput)
    }

    /// The events that a connection receives within the time.
    private func told(_ given: Given, within seconds: Int, _ arguments: String...) async throws -> [String] {
        let connection = try await RunningProcess.outcome(
            of: "/usr/bin/curl",
            ["--silent", "--no-buffer", "--max-time", "\(seconds)", "--header", "Authorization: Bearer \(given.token)"]
                + arguments + ["\(given.url)/api/v1/agents/me/reinit"]
        )
        #expect(connection.standardOutput.first == ": waiting")
        return connection.standardOutput.filter { $0.hasPrefix("event:") || $0.hasPrefix("id:") }
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a pool waits for its agents, and each is told of its claim once`() async throws {
        let fleet = try await Fleet()
        try await fleet.run("users", "add", "ada")
        try await DatabaseWatch.on(fleet.database) { watch in
            let worker = try await fleet.worker("one")
            try await fleet.run("templates", "push", try Self.template(fleet))

            let first = try await prebuild(watch)
            let given = try Given(fleet, first)
            #expect(try await eligible(watch) == 0)
            let report = try await ready(given)
            #expect(report.last == "200")
            #expect(report.first?.contains(#""lifecycle_state":"ready""#) == true)
            #expect(try await eligible(watch) == 1)

            // Connected at that moment.
            let connection = try await curl(given, "reinit")
            _ = try await connection.line(containing: ": waiting")
            let claim = try await fleet.json(
                Claimed.self,
                "claim",
                "agents",
                "--owner",
                "ada",
                "--name",
                "here",
                "--wait"
            )
            #expect(claim.outcome == "hit")
            #expect(claim.workspace_id == first)
            _ = try await connection.line(containing: "event: reinit")
            let data = try await connection.line(containing: "data:").text
            #expect(data.contains(#""owner_name":"ada""#))
            #expect(data.contains(#""reason":"prebuild_claimed""#))
            #expect(connection.text(of: .standardOutput).contains("id: \(claim.build_id)"))
            try await connection.end()
            #expect(try await told(given, within: 1) == [])
            #expect(try await told(given, within: 1, "--header", "Last-Event-ID: \(claim.build_id)") == [])
            // The claim build gave it the same token.
            let builds = try Given(fleet, first).builds
            #expect(builds.map(\.[0]) == ["1", "2"])
            #expect(builds[1][1] == given.token)

            try await away(fleet, watch, besides: first)
            try await secrets(fleet, watch, claim, given)
            worker.send(.terminate)
            #expect(try await worker.exit(within: .seconds(60)) == .exited(0))
        }
    }

    /// It was not connected when the workspace was claimed: it gets the event once, as soon as it is back.
    private func away(_ fleet: Fleet, _ watch: DatabaseWatch, besides first: String) async throws {
        let second = try await prebuild(watch, besides: [first])
        let given = try Given(fleet, second)
        _ = try await ready(given)
        let connection = try await curl(given, "reinit")
        _ = try await connection.line(containing: ": waiting")
        try await connection.end()
        let claim = try await fleet.json(
            Claimed.self,
            "claim",
            "agents",
            "--owner",
            "ada",
            "--name",
            "away",
            "--wait"
        )
        #expect(claim.workspace_id == second)
        #expect(try await told(given, within: 2) == ["id: \(claim.build_id)", "event: reinit"])
        #expect(try await told(given, within: 1) == [])
        // An agent that says that it has not received the event gets it again.
        #expect(
            try await told(given, within: 1, "--header", "Last-Event-ID: 0")
                == ["id: \(claim.build_id)", "event: reinit"]
        )
    }

    /// No log and no table contains a token; without a token, or with another one's, the server answers nothing.
    private func secrets(_ fleet: Fleet, _ watch: DatabaseWatch, _ claim: Claimed, _ given: Given) async throws {
        let log = try await fleet.stoker("jobs", "logs", claim.job_id).standardOutput.joined(separator: "\n")
        #expect(log.contains("my token is (sensitive)"))
        #expect(log.contains("and again: (sensitive)"))
        #expect(!log.contains(given.token))
        let stored = try await watch.number(
            """
            SELECT count(*) FROM workspace_agents WHERE auth_token_hash = sha256(\(given.token)::bytea)
            """
        )
        #expect(stored == 2)
        for token in ["stka_nobody", ""] {
            let refused = try await RunningProcess.outcome(
                of: "/usr/bin/curl",
                ["--silent", "--header", "Authorization: Bearer \(token)", "\(given.url)/api/v1/agents/me/reinit"]
            )
            #expect(refused.standardOutput.joined().contains(#""status":401"#))
        }
        let wrong = try await curl(given, "ready", "--data", #"{"state":"asleep"}"#)
        #expect(try await wrong.exit() == .exited(0))
        #expect(wrong.text(of: .standardOutput).joined().contains(#""status":400"#))
    }
}
