// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import TestSupport
import Testing

@testable import Store

extension DatabaseTemplate {
    /// Years of operation: 20,000 claimed workspaces and their builds, 120,000 finished jobs and 20,000 sent deliveries,
    /// beside a pool of 20 and 5,000 jobs that wait.
    static let crowded = DatabaseTemplate("crowded") { url in
        try await Fleet.connected(to: url) { store in
            _ = try await store.migrate()
            let fleet = try await Fleet(store: store, organization: store.defaultOrganization())
            let ada = try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 20)
            try await fleet.addClaimedWorkspaces(20_000, owner: ada, of: preset)
            try await fleet.addRunningPrebuilds(20, of: preset)
            let endpoint = try await fleet.addEndpoint("receiver")
            try await fleet.sql(
                """
                WITH events AS (
                    INSERT INTO notification_events (type, dispatched_at) SELECT 'e', now() FROM generate_series(1, 20000)
                    RETURNING id
                )
                INSERT INTO webhook_deliveries (event_id, endpoint_id, status, completed_at)
                SELECT id, \(endpoint), 'sent', now() FROM events
                """
            )
            try await fleet.sql(
                """
                INSERT INTO provisioner_jobs (organization_id, initiator_id, started_at, completed_at)
                SELECT \(fleet.organization), \(prebuildsUserID), done, done
                FROM generate_series(1, 105000) n, LATERAL (SELECT CASE WHEN n <= 100000 THEN now() END AS done) d
                """
            )
            try await fleet.sql("ANALYZE")
        }
    }
}

/// What statements read of large tables, as they are really executed: counted by the server, with the plans it makes for
/// the values at hand and with those it makes for all values.
@Suite(.database(.crowded), .timeLimit(.minutes(2))) struct StatementCostTests {
    @Test(arguments: ["force_custom_plan", "force_generic_plan"])
    func `no hot statement scans a large table`(mode: String) async throws {
        let url = TestDatabase.current.connectionString + "&options=-cplan_cache_mode%3D\(mode)"
        try await Fleet.connected(to: url) { store in
            let fleet = try await Fleet(store: store, organization: store.defaultOrganization())
            let worker = try await fleet.addWorker()
            let reserving = try await fleet.addWorker()

            // Some of what is claimed is read twice, once to lock it.
            var jobs = try await fleet.counting(["provisioner_jobs": 60], "claiming jobs") {
                try await store.claimJobs(for: worker, limit: 10, poolLimit: 10)
            }
            #expect(jobs.count == 10)

            let interactive = try await fleet.addJob(.interactive)
            jobs = try await fleet.counting(["provisioner_jobs": 60], "claiming into reserved slots") {
                try await store.claimJobs(for: reserving, limit: 3, poolLimit: 0)
            }
            #expect(jobs.map(\.id) == [interactive])

            try await fleet.sql("UPDATE templates SET max_concurrent_builds = 100")
            jobs = try await fleet.counting(["provisioner_jobs": 200], "claiming under a cap") {
                try await store.claimJobs(for: worker, limit: 10, poolLimit: 10)
            }
            #expect(jobs.count == 10)

            _ = try await fleet.counting(["provisioner_jobs": 60], "a heartbeat") {
                try await store.heartbeat(worker, lease: .seconds(60), holding: jobs.map(\.held))
            }
            try await fleet.endLease(of: worker)
            let reaped = try await fleet.counting(["provisioner_jobs": 200], "reaping") {
                try await store.reapLostWorkers()
            }
            #expect(reaped.requeued.count == 20)

            let prebuilds = ["workspaces": 60, "workspace_builds": 60, "provisioner_jobs": 60]
            let snapshot = try await fleet.counting(prebuilds, "the snapshot") {
                try await store.snapshot(limits: PlanLimits()).snapshot
            }
            #expect(snapshot.presets.map(\.running.count) == [20])

            let named: PresetID = try await fleet.value("SELECT id FROM template_version_presets")
            let pass = try await fleet.counting(prebuilds, "a pass for one pool") { try await fleet.pass(of: [named]) }
            #expect(pass.plan.presets.map(\.state.actual) == [20])

            let claim = try await fleet.counting(prebuilds, "claiming a prebuild") {
                try await store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: "mine"))
            }
            #expect(claim.outcome == .hit)

            let latest: [Int] = try await fleet.counting(["workspaces": 5, "workspace_builds": 5], "the latest build") {
                try await fleet.column(
                    "SELECT build_number FROM workspace_latest_builds WHERE workspace_id = \(claim.workspaceID)"
                )
            }
            #expect(latest == [2])

            try await fleet.sql(
                """
                WITH gone AS (
                    UPDATE workspaces SET deleted = true, updated_at = now() - interval '40 days'
                    WHERE id IN (SELECT id FROM workspaces WHERE name LIKE 'w%' ORDER BY id LIMIT 10) RETURNING id
                )
                UPDATE provisioner_jobs SET completed_at = now() - interval '40 days'
                WHERE id IN (SELECT job_id FROM workspace_builds b JOIN gone ON gone.id = b.workspace_id)
                """
            )
            let builds = ["workspaces": 200, "workspace_builds": 200, "provisioner_jobs": 200]
            let pruned = try await fleet.counting(builds, "removing what is old") {
                try await store.prune(.workspaces, olderThan: .seconds(30 * 86_400))
            }
            #expect(pruned == 10)

            try await fleet.addDeliveries(3, to: fleet.value("SELECT id FROM webhook_endpoints"))
            let deliveries = try await fleet.counting(
                ["webhook_deliveries": 30, "notification_events": 30],
                "deliveries due"
            ) {
                try await store.leaseDeliveries(for: worker, limit: 10, lease: .seconds(60))
            }
            // One tells of the lost worker.
            #expect(deliveries.count == 4)
        }
    }

    @Test(.database(.migrated)) func `a pass for one pool reads no prebuilds of its siblings`() async throws {
        try await Fleet.open(sessions: 1) { fleet in
            let template = try await fleet.addTemplate()
            let named = try await fleet.addPreset("named", of: template.version, desired: 20)
            try await fleet.pass()
            for number in 1...10 {
                let sibling = try await fleet.addPreset("sibling-\(number)", of: template.version, desired: 200)
                try await fleet.addRunningPrebuilds(200, of: sibling)
                try await fleet.sql(
                    "UPDATE workspaces SET prebuild_preset_id = \(sibling) WHERE prebuild_preset_id IS NULL"
                )
            }
            let limits = ["workspaces": 60, "workspace_builds": 60, "provisioner_jobs": 60]
            for _ in 1...7 {
                let pass = try await fleet.counting(limits, "a pass for one pool") { try await fleet.pass(of: [named]) }
                #expect(pass.plan.presets.map(\.state.starting) == [20])
            }
        }
    }
}
