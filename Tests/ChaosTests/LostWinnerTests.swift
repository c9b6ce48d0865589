// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Store
import Subprocess
import TestSupport
import Testing

/// The leader of the reconciler, a real process, is lost in the middle of its pass.
@Suite struct LostWinnerTests {
    @Test(.database(.currentSchema), .timeLimit(.minutes(2)))
    func `a winner that is killed leaves nothing half done, and another takes over`() async throws {
        try await withWinnerInThePass { chaos, winner, release in
            winner.send(.kill)
            try await winner.exit()
            release.send(())
            try await Self.requirePool(chaos, within: .seconds(15))
        }
    }

    /// The lock is held for as long as the server lets a transaction be idle: 15 s.
    @Test(
        .enabled(if: Scale.includesSlow, "takes 20 s; set STOKER_CHAOS_SLOW"),
        .database(.currentSchema),
        .timeLimit(.minutes(2))
    )
    func `a winner that is frozen loses the lock, and writes nothing when it wakes`() async throws {
        try await withWinnerInThePass { chaos, winner, release in
            winner.send(.suspend)
            release.send(())
            try await Self.requirePool(chaos, within: .seconds(40))
            winner.send(.resume)
            try await winner.exit()
            try await Self.requirePool(chaos, within: .seconds(5))
        }
    }

    private static let desired = 5

    /// Runs the body while the leader among three workers waits in the middle of a pass that fills a pool.
    private func withWinnerInThePass(
        _ body: @escaping (ChaosFleet, RunningProcess, TestSignal<Void>) async throws -> Void
    ) async throws {
        try await ChaosFleet.open { chaos in
            let names = ["one", "two", "three"]
            var workers: [String: RunningProcess] = [:]
            for name in names { workers[name] = try await chaos.worker(name, settings: ["PGAPPNAME": name]) }

            let release = TestSignal<Void>()
            let held = TestSignal<Void>()
            let pool = chaos.watch.store.pool
            async let holding: Void = pool.withTransaction("test.hold") { transaction in
                // The pass's snapshot reads this: by then the leader has the lock and has written nothing.
                _ = try await transaction.execute(
                    Statement("test.lock", "LOCK TABLE workspaces IN ACCESS EXCLUSIVE MODE")
                )
                _ = try await transaction.execute(
                    Statement(
                        "test.desire",
                        """
                        UPDATE template_version_presets SET desired_instances = \(Self.desired)
                        WHERE template_version_id = (SELECT active_version_id FROM templates WHERE name = 'witness')
                        """
                    )
                )
                held.send(())
                try await release.next("the release", within: .seconds(30))
            }
            try await held.next("the table's lock")
            let winner = try await chaos.watch.until("a winner in its pass", within: .seconds(10)) {
                try await chaos.watch.column(
                    """
                    SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                    WHERE l.locktype = 'advisory' AND l.granted AND a.wait_event_type = 'Lock'
                        AND a.application_name <> 'watch'
                    """
                ).first
            }
            try await body(chaos, try #require(workers[winner]), release)
            try await holding
            for (name, worker) in workers where name != winner { try await worker.end() }
        }
    }

    /// As many prebuilds as desired, each complete, and never more.
    private static func requirePool(_ chaos: ChaosFleet, within limit: Duration) async throws {
        try await chaos.watch.until(
            "the pool",
            "SELECT count(*) FROM workspace_prebuilds WHERE eligible",
            is: desired,
            within: limit
        )
        let facts = try await chaos.watch.column(
            """
            SELECT concat_ws(' ', (SELECT count(*) FROM workspaces), (SELECT count(*) FROM workspace_builds),
                (SELECT count(DISTINCT job_id) FROM ends e JOIN workspace_builds b USING (job_id) WHERE e.status = 'succeeded'))
            """
        )
        #expect(facts == ["\(desired) \(desired) \(desired)"])
        #expect(chaos.witness.overlaps == [])
    }
}
