// SPDX-License-Identifier: Apache-2.0

import Domain
import Glibc
import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing

/// Plans are made when a worker starts, which may be on an empty database, and are used for years.
///
/// With `STOKER_TEST_LARGE` set, also for tables of 1,000,000 rows.
@Suite(.database(.migrated), .timeLimit(.minutes(15))) struct PlanTests {
    private static let sizes = getenv("STOKER_TEST_LARGE") == nil ? [0, 1_000] : [0, 1_000, 1_000_000]

    /// Tables that grow with the years.
    private static let large = [
        "provisioner_jobs", "provisioner_job_logs", "workspaces", "workspace_builds", "webhook_deliveries",
        "notification_events",
    ]

    @Test(arguments: sizes, ["auto", "force_custom_plan", "force_generic_plan"])
    func `plans made for empty tables scan none of them once they have grown`(rows: Int, mode: String) async throws {
        let url = TestDatabase.current.connectionString + "&options=-cplan_cache_mode%3D\(mode)"
        // One session, which keeps the plans it has made.
        try await Fleet.connected(to: url, sessions: 1) { store in
            let fleet = try await Fleet(store: store, organization: store.defaultOrganization())
            let ada = try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 2)
            _ = try await fleet.addEndpoint("receiver")
            // A prepared statement gets a plan for all values with its sixth use.
            for _ in 0..<7 { try await exercise(fleet) { _, body in try await body() } }
            try await grow(fleet, to: rows, owner: ada, of: preset)
            try await exercise(fleet) { what, body in
                let limits = Dictionary(uniqueKeysWithValues: Self.large.map { ($0, 120) })
                if rows == 0 { try await body() } else { try await fleet.counting(limits, what, body) }
            }
        }
    }

    /// Rows of the past in every table that grows; nobody has told the planner of them.
    private func grow(_ fleet: Fleet, to rows: Int, owner: UserID, of preset: PresetID) async throws {
        guard rows > 0 else { return }
        let step = min(rows, 100_000)
        for start in stride(from: 0, to: rows, by: step) {
            try await fleet.addClaimedWorkspaces(step, owner: owner, of: preset, from: start)
            try await fleet.sql(
                """
                INSERT INTO provisioner_job_logs (job_id, level, output)
                SELECT gen_random_uuid(), 'info', 'line' FROM generate_series(1, \(step))
                """
            )
            try await fleet.sql(
                """
                WITH events AS (
                    INSERT INTO notification_events (type, dispatched_at, subject)
                    SELECT 'e', now(), 'past/' || n FROM generate_series(1, \(step)) n RETURNING id
                )
                INSERT INTO webhook_deliveries (event_id, endpoint_id, status, completed_at)
                SELECT events.id, e.id, 'sent', now() FROM events, webhook_endpoints e
                """
            )
        }
    }

    /// Every hot statement, at least once.
    private func exercise(
        _ fleet: Fleet,
        _ run: (String, () async throws -> Void) async throws -> Void
    ) async throws {
        let store = fleet.store
        let worker = try await fleet.addWorker()
        for _ in 0..<5 { try await fleet.addJob(.interactive) }
        var jobs: [ClaimedJob] = []
        try await run("claiming") { jobs = try await store.claimJobs(for: worker, limit: 5, poolLimit: 5) }
        #expect(jobs.count == 5)
        try await run("claiming behind a place") {
            _ = try await store.claimJobs(for: worker, limit: 3, poolLimit: 3, behind: jobs[0].place)
        }
        try await run("a heartbeat") {
            _ = try await store.heartbeat(worker, lease: .seconds(60), holding: jobs.map(\.held))
        }
        try await run("a log") {
            _ = try await store.appendLogs([LogLine(level: .info, stage: "", output: "line")], of: jobs[0].held)
        }
        try await run("a build's context") {
            await #expect(throws: StoreError.self) { _ = try await store.buildContext(of: jobs[0].held) }
        }
        try await run("a checkpoint") {
            // There is no build to it.
            let isStored = try await store.checkpoint([1], of: jobs[0].held)
            #expect(!isStored)
        }
        try await run("a note of replacements") {
            let isNoted = try await store.note([], of: jobs[0].held)
            #expect(isNoted)
        }
        try await run("a return") { try await store.requeue(jobs[3].held, after: .seconds(3_600), refundAttempt: true) }
        try await run("an end and a claim in one") {
            _ = try await store.claimJobs(for: worker, limit: 1, poolLimit: 1, finishing: [jobs[4].held])
        }
        try await run("a completion") { try await fleet.complete(jobs[0], .succeeded) }
        try await run("a failure") { try await fleet.complete(jobs[1], .failed(.failed, message: "no")) }
        try await fleet.endLease(of: worker)
        try await run("reaping") { _ = try await store.reapLostWorkers() }
        try await run("expiring") { _ = try await store.expirePendingJobs(after: .seconds(1_800)) }
        try await run("the snapshot") { _ = try await store.snapshot(limits: PlanLimits()) }
        let named: PresetID = try await fleet.value("SELECT id FROM template_version_presets")
        try await run("a pass for one pool") { try await fleet.pass(at: nil, of: [named]) }
        try await run("the latest build") {
            try await fleet.sql("SELECT FROM workspace_latest_builds WHERE workspace_id = \(WorkspaceID.random())")
        }
        let speaker = try await fleet.addWorker()
        try await run("the fleet's facts") { _ = try await store.fleetFacts(for: speaker) }
        // So that the next round's jobs are claimed first, and no worker of this one is left.
        try await fleet.sql("DELETE FROM workers")
        try await fleet.sql(
            "UPDATE provisioner_jobs SET started_at = now(), completed_at = now() WHERE id = ANY(\(jobs.map(\.id)))"
        )
    }
}
