// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Store
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Waiting claims and the preset of a claim, on real processes.
@Suite struct WaitingDemandTests {
    private struct Claimed: Decodable { let outcome: String, preset_name: String }

    /// Builds last until the test lets them go, so that it sees how many are under way at once.
    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `what six claims wait for is built at once, and the pool keeps what it wants`() async throws {
        let fleet = try await Fleet(settings: ["STOKER_WORKER_CONCURRENCY": "8"])
        for name in ["ada", "bob"] { try await fleet.run("users", "add", name) }
        let worker = try await fleet.worker("one")
        let gate = fleet.directory.appending("go")
        let template = try PoolReportTests.template(
            fleet,
            """
            name: slow
            provisioner: process
            presets: [{ name: one, prebuilds: { instances: 1 } }]
            """,
            "while [ ! -e '\(gate)' ]; do sleep 0.05; done\n"
        )
        try await fleet.run("templates", "push", template)
        var claims: [RunningProcess] = []
        for number in 0..<6 {
            let claim = ["claim", "slow", "--owner", "ada", "--name", "w\(number)", "--wait-for-refill"]
            claims.append(try await fleet.start(claim + ["--output", "json"]))
        }
        try await DatabaseWatch.on(fleet.database) { watch in
            let running: SQL =
                "SELECT count(*)::int FROM provisioner_jobs WHERE job_status = 'running' AND priority = 0"
            try await watch.until("all to be built at once", running, is: 7)
            try Data().write(to: URL(filePath: gate.string))
            for claim in claims {
                #expect(try await claim.exit(within: .seconds(60)) == .exited(0))
                let text = claim.text(of: .standardOutput).joined(separator: "\n")
                #expect(try JSONDecoder().decode(Claimed.self, from: Data(text.utf8)).outcome == "hit")
            }
            // The pool's own, and no more.
            let pool: SQL = "SELECT count(*)::int FROM workspace_prebuilds WHERE running"
            try await watch.until("the pool to be as large as it should be", pool, is: 1)
            #expect(try await watch.number("SELECT count(*)::int FROM workspaces WHERE name LIKE 'w_'") == 6)

            // One that is killed is demand no longer than its lease.
            let unended: SQL = "SELECT count(*)::int FROM provisioner_jobs WHERE completed_at IS NULL"
            try await watch.until("all builds to have ended", unended, is: 0)
            try FileManager.default.removeItem(atPath: gate.string)
            try await fleet.run("claim", "slow", "--owner", "bob", "--name", "hit")
            let doomed = try await fleet.start(["claim", "slow", "--owner", "bob", "--name", "x", "--wait-for-refill"])
            try await watch.until("both to be built", running, is: 2)
            doomed.send(.kill)
            try Data().write(to: URL(filePath: gate.string))
            try await watch.until(
                "the surplus to go",
                "SELECT count(*)::int FROM workspace_builds WHERE transition = 'delete'",
                is: 1
            )
            try await watch.until("the pool to be as large as it should be", pool, is: 1)
        }
        try await worker.end()
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `a value of another preset is a hit of that preset's pool`() async throws {
        let fleet = try await Fleet()
        try await fleet.run("users", "add", "ada")
        let worker = try await fleet.worker("one")
        let template = try PoolReportTests.template(
            fleet,
            """
            name: regions
            provisioner: process
            parameters: { region: { type: string, mutable: false } }
            presets:
              - { name: eu, default: true, parameters: { region: eu }, prebuilds: { instances: 1 } }
              - { name: us, parameters: { region: us }, prebuilds: { instances: 1 } }
            """,
            "exit 0\n"
        )
        try await fleet.run("templates", "push", template)
        try await DatabaseWatch.on(fleet.database) { watch in
            let ready: SQL = "SELECT count(*)::int FROM workspace_prebuilds WHERE eligible"
            try await watch.until("both pools to be full", ready, is: 2)
        }
        let claimed = try await fleet.json(
            Claimed.self,
            "claim",
            "regions",
            "--owner",
            "ada",
            "--name",
            "mine",
            "--param",
            "region=us"
        )
        #expect(claimed.outcome == "hit" && claimed.preset_name == "us")
        try await worker.end()
    }
}
