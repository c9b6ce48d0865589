// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing

/// Pushes to a pool that people claim from, with the built binary and real processes.
@Suite struct RolloutPathTests {
    private struct Claimed: Decodable { let outcome: String, reason: String }
    private struct Rollout: Decodable { let status: String, adopted: Int, to_version: String }

    private func template(_ fleet: Fleet, instances: Int, _ program: String) throws -> String {
        try PoolReportTests.template(
            fleet,
            """
            name: web
            provisioner: process
            presets: [{ name: eu, default: true, prebuilds: { instances: \(instances) } }]
            """,
            "cat > /dev/null\n" + program + "\n"
        )
    }

    private let good = #"sleep 1; printf '%s\n' '{"type":"state","state":{"a":1}}' '{"type":"result"}'"#
    private let better = #"sleep 1; printf '%s\n' '{"type":"state","state":{"a":2}}' '{"type":"result"}'"#
    private let broken = #"printf '%s\n' '{"type":"result","error":"no image","code":"INVALID"}'; exit 1"#

    @Test(.database(.currentSchema), .timeLimit(.minutes(4)))
    func `claims go on through a push, a broken push and a change of numbers`() async throws {
        let fleet = try await Fleet(settings: [
            "STOKER_WORKER_CONCURRENCY": "8", "STOKER_PREBUILDS_FAILURE_HARD_LIMIT": "2",
        ])
        let worker = try await fleet.worker("one")
        try await fleet.run("users", "add", "ada")
        try await DatabaseWatch.on(fleet.database) { watch in
            try await fleet.run("templates", "push", template(fleet, instances: 4, good), "--name", "v1")
            try await until(watch, ready: ["v1 4"])

            try await fleet.run("templates", "push", template(fleet, instances: 4, better), "--name", "v2")
            var outcomes: [Claimed] = []
            // As many as are ready: whichever version they are of, none may be missing.
            for number in 1...4 {
                outcomes.append(
                    try await fleet.json(Claimed.self, "claim", "web", "--owner", "ada", "--name", "p\(number)")
                )
            }
            #expect(outcomes.map(\.outcome).allSatisfy { $0 == "hit" })
            try await until(watch, ready: ["v2 4"])
            try await until(watch, "completed")

            let good = try await prebuilds(watch)
            try await fleet.run("templates", "push", template(fleet, instances: 4, broken), "--name", "v3")
            try await until(watch, "held")
            #expect(try await prebuilds(watch).isSuperset(of: good))
            let claim = try await fleet.json(Claimed.self, "claim", "web", "--owner", "ada", "--name", "q1")
            #expect(claim.outcome == "hit" && claim.reason == "previous_version")
            let text = try await fleet.stoker("rollouts", "show", "web").standardOutput.joined(separator: "\n")
            #expect(text.contains("held") && text.contains("eu"))
            try await fleet.run("rollouts", "rollback", "web")
            try await until(watch, ready: ["v2 4"])
            try await until(watch, "completed")

            let kept = try await prebuilds(watch)
            try await fleet.run("templates", "push", template(fleet, instances: 5, better), "--name", "v4")
            try await until(watch, ready: ["v4 5"])
            #expect(try await prebuilds(watch).isSuperset(of: kept))
            let last = try #require(try await fleet.json([Rollout].self, "rollouts", "list").first)
            #expect(last.to_version == "v4" && last.adopted == 4)
        }
        try await worker.end()
    }

    private func until(_ watch: DatabaseWatch, ready expected: [String]) async throws {
        _ = try await watch.until("ready: \(expected)") {
            let ready = try await watch.column(
                """
                SELECT v.name || ' ' || count(*) FROM workspaces w
                JOIN template_version_presets p ON p.id = w.claimable_preset_id
                JOIN template_versions v ON v.id = p.template_version_id
                WHERE NOT w.deleted AND NOT w.retiring AND w.owner_id = \(prebuildsUserID)
                GROUP BY v.name ORDER BY v.name
                """
            )
            return ready == expected ? true : nil
        }
    }

    private func until(_ watch: DatabaseWatch, _ status: String) async throws {
        _ = try await watch.until("a roll-out that is \(status)") {
            try await watch.column("SELECT status FROM template_rollouts ORDER BY started_at DESC LIMIT 1") == [status]
                ? true : nil
        }
    }

    /// The prebuilds that can be claimed.
    private func prebuilds(_ watch: DatabaseWatch) async throws -> Set<String> {
        Set(
            try await watch.column(
                """
                SELECT id::text FROM workspaces
                WHERE NOT deleted AND NOT retiring AND owner_id = \(prebuildsUserID) AND claimable_preset_id IS NOT NULL
                """
            )
        )
    }
}
