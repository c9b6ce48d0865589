// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing

/// Reconcilers, claimers and workers at the same rows at the same time.
@Suite(.database(.migrated), .timeLimit(.minutes(2))) struct ReconcileRaceTests {
    /// 2,000 prebuilds that nobody wants any more, each wanted by a claim at the moment it is to be deleted.
    @Test func `a prebuild is claimed or deleted, never both and never neither`() async throws {
        try await Fleet.open(sessions: 8) { fleet in
            try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let (prebuilds, claimers) = (8, 5)
            let deadline = ContinuousClock.now + .seconds(20)
            var (rounds, contested) = (0, 0)
            while rounds < 250, ContinuousClock.now < deadline {
                rounds += 1
                let round = rounds
                try await fleet.addRunningPrebuilds(prebuilds, of: preset)
                let (hits, deletions) = try await withThrowingTaskGroup(of: (claimed: Int, deleted: Int).self) {
                    group in
                    for claimer in 0..<claimers {
                        group.addTask {
                            let claim = try await fleet.store.claim(
                                ClaimRequest(template: "go-dev", owner: "ada", name: "w-\(round)-\(claimer)")
                            )
                            return (claim.outcome == .hit ? 1 : 0, 0)
                        }
                    }
                    for _ in 0..<2 {
                        group.addTask {
                            do {
                                return (0, try await fleet.pass(at: nil).applied.deleted.count)
                            } catch is Fleet.LockHeld {
                                return (0, 0)
                            }
                        }
                    }
                    return try await group.reduce(into: (0, 0)) { sum, one in
                        sum = (sum.0 + one.claimed, sum.1 + one.deleted)
                    }
                }
                if hits > 0, deletions > 0 { contested += 1 }
                // What both had skipped.
                try await fleet.pass(at: nil)
            }
            let fates = Dictionary(grouping: try await fleet.workspaces()) { seen in
                (seen.isPrebuild ? "prebuild: " : "ada: ") + seen.builds.joined(separator: ", ")
            }.mapValues(\.count)
            let deleted = fates["prebuild: start succeeded, delete pending"] ?? 0
            let claimed = fates["ada: start succeeded, start pending"] ?? 0
            let fresh = fates["ada: start pending"] ?? 0
            #expect(deleted + claimed == rounds * prebuilds)
            #expect(claimed + fresh == rounds * claimers)
            #expect(deleted + claimed + fresh == fates.values.reduce(0, +), "\(fates)")
            // In some rounds both sides got their share; else there was no race.
            #expect(contested > 0)
        }
    }

    @Test func `there are never more prebuilds than wanted, beside those being deleted`() async throws {
        try await Fleet.open(sessions: 12) { fleet in
            try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let desired = 5
            let preset = try await fleet.addPreset(of: template.version, desired: desired)
            let worker = try await fleet.addWorker()
            let isOver = WatchedState(false)
            try await fleet.pass(at: nil)
            var highest = try await fleet.alivePrebuilds()
            #expect(highest == desired)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for claimer in 0..<3 {
                    group.addTask {
                        for number in 0..<100 {
                            // Every fourth name is taken: a claim that takes back what it took.
                            let name = number % 4 == 3 ? "w-\(claimer)-0" : "w-\(claimer)-\(number)"
                            do {
                                _ = try await fleet.store.claim(
                                    ClaimRequest(template: "go-dev", owner: "ada", name: name)
                                )
                            } catch let error as StoreError where error.code == .nameTaken {}
                        }
                        return 0
                    }
                }
                for isNamed in [false, true, true] {
                    group.addTask {
                        while !isOver.current {
                            do { try await fleet.pass(at: nil, of: isNamed ? [preset] : nil) } catch is Fleet.LockHeld {
                            }
                        }
                        return 0
                    }
                }
                group.addTask {
                    while !isOver.current {
                        for job in try await fleet.store.claimJobs(for: worker, limit: 10, poolLimit: 10) {
                            try await fleet.complete(job, .succeeded)
                        }
                    }
                    return 0
                }
                group.addTask {
                    while !isOver.current {
                        try await fleet.sql("UPDATE template_version_presets SET last_invalidated_at = now()")
                    }
                    return 0
                }
                group.addTask {
                    var highest = 0
                    while !isOver.current {
                        highest = max(highest, try await fleet.alivePrebuilds())
                    }
                    return highest
                }
                for _ in 0..<3 { _ = try await group.next() }
                isOver.update { $0 = true }
                for try await seen in group { highest = max(highest, seen) }
            }
            #expect(highest == desired)
        }
    }
}

extension Fleet {
    /// Prebuilds that are there or under way, but for those being deleted.
    fileprivate func alivePrebuilds() async throws -> Int {
        try await value(
            """
            SELECT count(*) FROM workspace_prebuilds p JOIN workspace_latest_builds b ON b.workspace_id = p.workspace_id
            WHERE b.transition = 'start'
            """
        )
    }

    /// Running prebuilds of the preset, put in by one statement.
    func addRunningPrebuilds(_ count: Int, of preset: PresetID) async throws {
        try await sql(
            """
            WITH fresh AS MATERIALIZED (
                SELECT gen_random_uuid() AS workspace, gen_random_uuid() AS job, t.organization_id, t.id AS template,
                    v.id AS version
                FROM template_version_presets p JOIN template_versions v ON v.id = p.template_version_id
                JOIN templates t ON t.id = v.template_id, generate_series(1, \(count)) WHERE p.id = \(preset)
            ), jobs AS (
                INSERT INTO provisioner_jobs (id, organization_id, initiator_id, started_at, completed_at)
                SELECT job, organization_id, \(prebuildsUserID), now(), now() FROM fresh
            ), workspaces AS (
                INSERT INTO workspaces (id, owner_id, organization_id, template_id, name)
                SELECT workspace, \(prebuildsUserID), organization_id, template, 'prebuild-' || workspace FROM fresh
            )
            INSERT INTO workspace_builds (workspace_id, template_version_id, build_number, transition, initiator_id, job_id,
                template_version_preset_id)
            SELECT workspace, version, 1, 'start', \(prebuildsUserID), job, \(preset) FROM fresh
            """
        )
    }
}
