// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Store
import Subprocess
import TestSupport
import Testing

/// Claims by the dozen and labels, on real processes, with the database and over a server.
@Suite struct ClaimSetTests {
    private struct Claimed: Decodable { let workspace_name: String, outcome: String }
    private struct Listed: Decodable { let name: String, labels: [String: String]? }
    private struct Token: Decodable { let token: String }

    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `a dozen are claimed at once, listed by their labels, and deleted by them`() async throws {
        let fleet = try await Fleet(settings: ["STOKER_WORKER_CONCURRENCY": "8"])
        try await fleet.run("users", "add", "ada")
        let worker = try await fleet.worker("one")
        let template = try PoolReportTests.template(
            fleet,
            """
            name: runner
            provisioner: process
            presets: [{ name: one, prebuilds: { instances: 4 } }]
            """,
            "exit 0\n"
        )
        try await fleet.run("templates", "push", template)
        let token = try await fleet.json(
            Token.self,
            "tokens",
            "add",
            "t",
            "--user",
            "ada",
            "--scope",
            "workspaces",
            "--scope",
            "jobs:read"
        )
        let remote = try await Fleet(
            database: "postgresql://127.0.0.1:1/nowhere",
            settings: ["STOKER_SERVER": try await RemotePathTests.address(of: worker), "STOKER_TOKEN": token.token]
        )
        try await DatabaseWatch.on(fleet.database) { watch in
            let ready: SQL = "SELECT count(*)::int FROM workspace_prebuilds WHERE eligible"
            for (place, name) in [(fleet, "here"), (remote, "there")] {
                try await watch.until("the pool to be full", ready, is: 4)
                let many = try await place.stoker("claim", "runner", "--owner", "ada", "--name", name, "--count", "5")
                #expect(many.status == .exited(2))
                let claims = try await place.json(
                    [Claimed].self,
                    "claim",
                    "runner",
                    "--owner",
                    "ada",
                    "--name",
                    name,
                    "--count",
                    "3",
                    "--label",
                    "run=\(name)"
                )
                #expect(claims.map(\.workspace_name) == (1...3).map { "\(name)-\($0)" })
                #expect(claims.allSatisfy { $0.outcome == "hit" })
                let listed = try await place.json([Listed].self, "workspaces", "list", "--label", "run=\(name)")
                #expect(listed.count == 3 && listed.allSatisfy { $0.labels == ["run": name] })
            }
            try await watch.until(
                "the claims' builds to have ended",
                "SELECT count(*)::int FROM workspace_claims WHERE usable_at IS NULL",
                is: 0
            )
            let deleted = try await remote.stoker("workspaces", "delete", "--selector", "run=here", "--wait")
            #expect(deleted.status == .exited(0), "\(deleted.standardError)")
            #expect(try await fleet.json([Listed].self, "workspaces", "list", "--label", "run=here").isEmpty)
            #expect(try await fleet.json([Listed].self, "workspaces", "list", "--label", "run=there").count == 3)
        }
        try await worker.end()
    }
}
