// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing

/// What holds at every instant in the database, under random pushes, claims, builds and passes.
@Suite(.database(.migrated), .timeLimit(.minutes(3))) struct RolloutRandomTests {
    private let desired = 3

    @Test(arguments: [1, 2, 3]) func `no rule is broken`(seed: UInt64) async throws {
        try await RolloutRoom.open { room in
            var generator = SeededGenerator(seed: seed)
            func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
            var (versions, claims, broken) = (1, 0, Set<String>())
            try await room.push("v1", files: "f1", instances: desired)
            try await room.settle()
            for _ in 0..<50 {
                switch number(1...12) {
                case 1:
                    versions += 1
                    let files = number(1...4) == 1 ? "f\(number(1...versions))" : "f\(versions)"
                    if number(1...3) == 1 { broken.insert("v\(versions)") }
                    let rollout = RolloutSettings(
                        canary: number(1...2),
                        onFailure: number(1...2) == 1 ? .hold : .rollback
                    )
                    try await room.push(
                        "v\(versions)",
                        files: files,
                        instances: desired,
                        rollout: rollout,
                        broken: broken
                    )
                case 2...4:
                    claims += 1
                    _ = try await room.claim("c\(claims)", latest: number(1...5) == 1)
                case 5...7: try await room.build(number(1...4), broken: broken)
                case 8: try await die(room)
                default: try await checkedPass(room)
                }
            }
            versions += 1
            try await room.push("v\(versions)", files: "last", instances: desired, broken: broken)
            for _ in 0..<15 {
                try await checkedPass(room)
                try await room.build(50, broken: broken)
            }
            #expect(try await room.ready() == ["v\(versions) \(desired)"])
            #expect(try await room.status() == "completed")
            let touched: Int = try await room.fleet.value(
                """
                SELECT count(*) FROM workspaces w JOIN workspace_builds b ON b.workspace_id = w.id
                WHERE w.owner_id <> \(prebuildsUserID) AND (w.retiring OR b.transition = 'delete')
                """
            )
            #expect(touched == 0, "nothing claimed is touched")
        }
    }

    private func checkedPass(_ room: RolloutRoom) async throws {
        let before = try await counts(room)
        let pass = try await room.pass()
        let after = try await counts(room)
        #expect(after.alive <= max(2 * desired, before.alive), "never more than twice as many")
        #expect(after.ready >= min(before.ready, desired), "no pass takes what nothing replaces")
        let again = try await room.pass()
        #expect(!pass.plan.rollouts.isEmpty || again.applied.isEmpty, "a plan that was applied leaves nothing to do")
    }

    /// A pass whose worker is killed before the commit.
    private func die(_ room: RolloutRoom) async throws {
        let before = try await counts(room)
        await #expect(throws: CancellationError.self) {
            _ = try await room.fleet.store.pass(limits: room.limits) { pass in
                let plan = Plan(snapshot: pass.snapshot, now: pass.now, limits: room.limits)
                #expect(plan.isWhole)
                throw CancellationError()
            }
        }
        #expect(try await counts(room) == before)
    }

    private struct Counts: Equatable { var ready: Int, alive: Int }

    private func counts(_ room: RolloutRoom) async throws -> Counts {
        let unclaimed: SQL = "w.owner_id = \(prebuildsUserID) AND NOT w.deleted AND NOT w.retiring"
        return Counts(
            ready: try await room.fleet.value(
                "SELECT count(*) FROM workspaces w WHERE \(sql: unclaimed) AND w.claimable_preset_id IS NOT NULL"
            ),
            alive: try await room.fleet.value(
                """
                SELECT count(*) FROM workspaces w JOIN workspace_latest_builds b ON b.workspace_id = w.id
                WHERE \(sql: unclaimed) AND b.transition = 'start' AND b.job_status NOT IN ('failed', 'canceled')
                """
            )
        )
    }
}
