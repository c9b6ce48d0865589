// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing

/// What becomes of states and jobs that no execution answers for any more.
@Suite(.database(.migrated)) struct HandoverTests {
    /// A build whose second execution, of epoch 2, has left a state behind; the database has one of its first.
    private struct LeftBuild {
        let fleet: Fleet
        let worker: WorkerID
        let job: JobID

        var execution: HeldJob { HeldJob(id: job, epoch: 2) }

        static func open(_ body: (LeftBuild) async throws -> Void) async throws {
            try await Fleet.open { fleet in
                let template = try await fleet.addTemplate()
                let build = LeftBuild(fleet: fleet, worker: .random(), job: .random())
                try await fleet.sql(
                    """
                    INSERT INTO provisioner_jobs (id, organization_id, initiator_id, worker_id, started_at, claim_epoch, attempt)
                    VALUES (\(build.job), \(fleet.organization), \(prebuildsUserID), \(build.worker), now(), 2, 2)
                    """
                )
                try await fleet.sql(
                    """
                    WITH w AS (
                        INSERT INTO workspaces (owner_id, organization_id, template_id, name)
                        VALUES (\(prebuildsUserID), \(fleet.organization), \(template.id), 'box') RETURNING id
                    )
                    INSERT INTO workspace_builds (workspace_id, template_version_id, build_number, transition, initiator_id,
                        job_id, provisioner_state)
                    SELECT id, \(template.version), 1, 'start', \(prebuildsUserID), \(build.job), 'older' FROM w
                    """
                )
                try await body(build)
            }
        }

        /// Another build of the workspace, whose job has been claimed as often as its epoch says.
        func addNext(_ transition: String, epoch: Int) async throws {
            try await fleet.sql(
                """
                WITH j AS (
                    INSERT INTO provisioner_jobs (organization_id, initiator_id, claim_epoch)
                    VALUES (\(fleet.organization), \(prebuildsUserID), \(epoch)) RETURNING id
                )
                INSERT INTO workspace_builds (workspace_id, template_version_id, build_number, transition, initiator_id, job_id)
                SELECT b.workspace_id, b.template_version_id, 2, \(transition)::workspace_transition, b.initiator_id, j.id
                FROM workspace_builds b, j
                """
            )
        }

        /// What there is now: the build's state, whether the next execution refreshes, states that came too late.
        func facts() async throws -> String {
            try await fleet.value(
                """
                SELECT concat_ws(' ', convert_from(b.provisioner_state, 'UTF8'),
                    CASE WHEN j.refresh_first THEN 'refresh' END,
                    (SELECT 'late:' || convert_from(l.state, 'UTF8') || '@' || l.worker_name FROM late_states l),
                    (SELECT 'told' FROM provisioner_job_logs WHERE job_id = j.id))
                FROM provisioner_jobs j JOIN workspace_builds b ON b.job_id = j.id WHERE j.id = \(job)
                """
            )
        }
    }

    /// What happened to the job since its execution of epoch 2, what is said of the state, and what there is then.
    private static let fates: [(SQL, RecoveredState, String)] = [
        ("SELECT", .stored, "newer refresh"),
        ("UPDATE provisioner_jobs SET completed_at = now()", .ended, "older"),
        ("UPDATE provisioner_jobs SET completed_at = now(), error = 'it failed'", .ended, "older"),
        (
            "UPDATE provisioner_jobs SET claim_epoch = 3, worker_id = NULL, started_at = NULL", .stored, "newer refresh"
        ),
        ("UPDATE provisioner_jobs SET claim_epoch = 3", .late, "older late:newer@one told"),
        (
            "UPDATE provisioner_jobs SET claim_epoch = 4, worker_id = NULL, started_at = NULL", .late,
            "older late:newer@one told"
        ),
        (
            "UPDATE provisioner_jobs SET claim_epoch = 3, completed_at = now(), error = 'lost', error_code = 'WORKER_LOST'",
            .stored, "newer"
        ),
        (
            "UPDATE provisioner_jobs SET claim_epoch = 3, completed_at = now(), error = 'x', error_code = 'FAILED'",
            .late,
            "older late:newer@one told"
        ),
        ("UPDATE provisioner_jobs SET claim_epoch = 3, completed_at = now(), canceled_at = now()", .stored, "newer"),
    ]

    @Test(arguments: 0..<9) func `the fence decides what becomes of a state`(number: Int) async throws {
        let (event, fate, facts) = Self.fates[number]
        try await LeftBuild.open { build in
            try await build.fleet.sql(event)
            let said = try await build.fleet.store.recover(Array("newer".utf8), of: build.execution, from: "one")
            #expect(said == fate)
            let first = try await build.facts()
            #expect(first == facts)
            // A second time changes nothing: a worker may have died before it could discard what it handed in.
            _ = try await build.fleet.store.recover(Array("newer".utf8), of: build.execution, from: "one")
            let second = try await build.facts()
            #expect(second == facts)
        }
    }

    @Test func `a state comes too late when a later build has begun`() async throws {
        try await LeftBuild.open { build in
            try await build.fleet.sql(
                "UPDATE provisioner_jobs SET claim_epoch = 3, completed_at = now(), error = 'lost', error_code = 'WORKER_LOST'"
            )
            try await build.addNext("delete", epoch: 1)
            let said = try await build.fleet.store.recover(Array("newer".utf8), of: build.execution, from: "one")
            #expect(said == .late)
            let found = try await build.facts()
            #expect(found == "older late:newer@one told")
        }
    }

    /// Else the next build would change what the older state shows, and the newer one would be stored beneath it.
    @Test func `while a state is being stored, no later build begins from the older one`() async throws {
        try await LeftBuild.open { build in
            let (fleet, store) = (build.fleet, build.fleet.store)
            try await fleet.sql(
                "UPDATE provisioner_jobs SET claim_epoch = 3, completed_at = now(), error = 'lost', error_code = 'WORKER_LOST'"
            )
            try await build.addNext("start", epoch: 0)
            let worker = try await fleet.addWorker()
            let handing = try await store.pool.withTransaction("test.hold") { transaction in
                _ = try await transaction.execute(Statement("test.hold", "SELECT FROM workspace_builds FOR UPDATE"))
                let handing = Task { try await store.recover(Array("newer".utf8), of: build.execution, from: "one") }
                try await fleet.until(
                    """
                    EXISTS (
                        SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
                    )
                    """
                )
                #expect(try await store.claimJobs(for: worker, limit: 1, poolLimit: 1) == [])
                return handing
            }
            #expect(try await handing.value == .stored)
            let job = try await fleet.claimOne(for: worker)
            #expect(try await store.buildContext(of: job.held).state == Array("newer".utf8))
        }
    }

    @Test func `a state of nobody's build is not kept`() async throws {
        try await LeftBuild.open { build in
            let stranger = HeldJob(id: .random(), epoch: 2)
            let said = try await build.fleet.store.recover([1], of: stranger, from: "one")
            #expect(said == .unknown)
            let found = try await build.facts()
            #expect(found == "older")
        }
    }

    @Test(arguments: [
        (3, 2, "pending - 3 - refresh"), (2, 2, "failed WORKER_LOST 3 ended refresh"), (3, 1, "running - 2 - "),
    ])
    func `a forgotten job is given back while it has attempts left and is still its worker's`(
        attempts: Int,
        epoch: Int,
        facts: String
    ) async throws {
        try await LeftBuild.open { build in
            try await build.fleet.sql("UPDATE provisioner_jobs SET max_attempts = \(attempts)")
            let beat = try await build.fleet.store.heartbeat(build.worker, lease: .seconds(60), holding: [])
            #expect(beat.held == [build.execution])
            _ = try await build.fleet.store.giveBack([HeldJob(id: build.job, epoch: Int64(epoch))])
            let found: String = try await build.fleet.value(
                """
                SELECT concat_ws(' ', job_status, coalesce(error_code, '-'), claim_epoch,
                    CASE WHEN completed_at IS NULL THEN '-' ELSE 'ended' END, CASE WHEN refresh_first THEN 'refresh' ELSE '' END)
                FROM provisioner_jobs
                """
            )
            #expect(found == facts)
        }
    }
}
