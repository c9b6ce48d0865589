// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import TestSupport
import Testing
import Time

@testable import Store

/// What an execution that has lost its job may still do: nothing. And how jobs are lost.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct JobFenceTests {
    /// A running prebuild job whose epoch has moved on, as a reaper, a drain or another claim leaves it.
    private func withStaleJob(_ body: (Fleet, HeldJob) async throws -> Void) async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.pass()
            let old = try await fleet.addWorker()
            let job = try await fleet.claimOne(for: old)
            try await fleet.endLease(of: old)
            _ = try await fleet.store.reapLostWorkers()
            let new = try await fleet.addWorker()
            #expect(try await fleet.claimOne(for: new).held == HeldJob(id: job.id, epoch: job.epoch + 2))
            try await body(fleet, job.held)
        }
    }

    private func everything(in fleet: Fleet) async throws -> [String] {
        try await fleet.column(
            """
            SELECT to_jsonb(j)::text FROM provisioner_jobs j UNION ALL SELECT to_jsonb(b)::text FROM workspace_builds b
            UNION ALL SELECT to_jsonb(w)::text FROM workspaces w UNION ALL SELECT to_jsonb(l)::text FROM provisioner_job_logs l
            UNION ALL SELECT to_jsonb(r)::text FROM workspace_resources r
            UNION ALL SELECT to_jsonb(e)::text FROM notification_events e
            """
        )
    }

    @Test func `late logs, checkpoints, completions and returns change nothing`() async throws {
        try await withStaleJob { fleet, job in
            let before = try await everything(in: fleet)
            let line = LogLine(level: .info, stage: "apply", output: "late")
            #expect(try await fleet.store.appendLogs([line], of: job) == false)
            #expect(try await fleet.store.checkpoint([1, 2, 3], of: job) == false)
            let lost = StoreError(.leaseLost, "Job \(job.id) is no longer held by this execution")
            await #expect(throws: lost) {
                try await fleet.store.completeBuild(
                    job,
                    BuildCompletion(
                        result: .succeeded,
                        .init(
                            state: [1],
                            resources: [.init(type: "container", name: "main", address: "container.main", dailyCost: 1)]
                        )
                    )
                )
            }
            await #expect(throws: lost) {
                try await fleet.store.completeBuild(
                    job,
                    BuildCompletion(result: .failed(.failed, message: "late"))
                )
            }
            await #expect(throws: lost) { try await fleet.store.requeue(job, refundAttempt: true) }
            await #expect(throws: lost) { _ = try await fleet.store.buildContext(of: job) }
            #expect(try await everything(in: fleet) == before)
        }
    }

    @Test func `a job that has ended takes nothing more of its own execution either`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob()
            let job = try await fleet.claimOne(for: fleet.addWorker())
            try await fleet.complete(job, .succeeded)
            let before = try await everything(in: fleet)
            #expect(
                try await fleet.store.appendLogs([LogLine(level: .info, stage: "", output: "x")], of: job.held)
                    == false
            )
            #expect(try await fleet.store.checkpoint([1], of: job.held) == false)
            await #expect(throws: StoreError.self) { try await fleet.complete(job, .canceled) }
            await #expect(throws: StoreError.self) { try await fleet.store.requeue(job.held, refundAttempt: true) }
            #expect(try await everything(in: fleet) == before)
        }
    }

    @Test func `a lost worker's job is run again from its last state, and refreshed first`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.pass()
            let old = try await fleet.addWorker()
            let job = try await fleet.claimOne(for: old)
            #expect(try await fleet.store.checkpoint([7, 7], of: job.held))
            #expect(try await fleet.store.reapLostWorkers() == ReapedJobs(workers: [], requeued: [], failed: []))
            try await fleet.endLease(of: old)
            #expect(
                try await fleet.store.reapLostWorkers() == ReapedJobs(workers: [old], requeued: [job.id], failed: [])
            )
            #expect(try await fleet.status(of: job.id) == .pending)
            #expect(try await fleet.eventTypes() == ["worker_lost"])
            let again = try await fleet.claimOne(for: fleet.addWorker())
            #expect(again.id == job.id)
            #expect(again.attempt == 2)
            #expect(again.refreshFirst)
            #expect(try await fleet.store.buildContext(of: again.held).state == [7, 7])
        }
    }

    @Test func `a job that lost its worker too often fails, and its preset is not blamed`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 1)
            try await fleet.pass()
            try await fleet.sql("UPDATE provisioner_jobs SET max_attempts = 1")
            let worker = try await fleet.addWorker()
            let job = try await fleet.claimOne(for: worker)
            try await fleet.endLease(of: worker)
            #expect(
                try await fleet.store.reapLostWorkers() == ReapedJobs(workers: [worker], requeued: [], failed: [job.id])
            )
            #expect(try await fleet.status(of: job.id) == .failed)
            #expect(try await fleet.value("SELECT error_code FROM provisioner_jobs") == "WORKER_LOST")
            #expect(Set(try await fleet.eventTypes()) == ["worker_lost", "workspace_build_failed"])
            let pass = try await fleet.pass(at: Fleet.now + .seconds(1), limits: PlanLimits(failureHardLimit: 1))
            #expect(pass.applied.created == [preset: 1])
        }
    }

    @Test func `a lost worker's canceled job is canceled`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob()
            let worker = try await fleet.addWorker()
            let job = try await fleet.claimOne(for: worker)
            try await fleet.requestCancel(of: job.id)
            try await fleet.endLease(of: worker)
            #expect(try await fleet.store.reapLostWorkers().failed == [job.id])
            #expect(try await fleet.status(of: job.id) == .canceled)
            #expect(try await fleet.value("SELECT error_code FROM provisioner_jobs", as: String?.self) == nil)
        }
    }

    @Test func `whoever follows a job that was canceled hears of its end, however its worker lets it go`() async throws
    {
        try await Fleet.open { fleet in
            let finished = try await fleet.listen(to: Channel.finished)
            let worker = try await fleet.addWorker()
            func canceled() async throws -> ClaimedJob {
                try await fleet.addJob()
                let job = try await fleet.claimOne(for: worker)
                try await fleet.requestCancel(of: job.id)
                return job
            }
            let handedBack = try await canceled()
            try await fleet.store.requeue(handedBack.held, refundAttempt: true)
            #expect(try await finished.next("the end of what was handed back") == "\(handedBack.id)")
            let forgotten = try await canceled()
            #expect(try await fleet.store.giveBack([forgotten.held]) == 1)
            #expect(try await finished.next("the end of what was forgotten") == "\(forgotten.id)")
            let lost = try await canceled()
            try await fleet.endLease(of: worker)
            #expect(try await fleet.store.reapLostWorkers().failed == [lost.id])
            #expect(try await finished.next("the end of what was lost") == "\(lost.id)")
        }
    }

    /// The claim read the lease before it ended, and commits after the reaper has looked.
    @Test func `a job claimed while its worker was declared lost is found by the next reaping`() async throws {
        try await Fleet.open { fleet in
            let job = try await fleet.addJob()
            let worker = try await fleet.addWorker()
            try await fleet.endLease(of: worker)
            #expect(try await fleet.store.reapLostWorkers().workers == [worker])
            try await fleet.sql(
                "UPDATE provisioner_jobs SET worker_id = \(worker), started_at = now(), attempt = 1, claim_epoch = 1"
            )
            #expect(try await fleet.store.reapLostWorkers() == ReapedJobs(workers: [], requeued: [job], failed: []))
        }
    }

    @Test func `one worker reaps at a time`() async throws {
        try await Fleet.open { fleet in
            let worker = try await fleet.addWorker()
            try await fleet.endLease(of: worker)
            try await fleet.store.pool.withTransaction("test") { transaction in
                _ = try await transaction.execute(
                    Statement("test", "SELECT pg_advisory_xact_lock(\(literal: 0x7374_6f6b), 3)")
                )
                #expect(try await fleet.store.reapLostWorkers().workers == [])
            }
            #expect(try await fleet.store.reapLostWorkers().workers == [worker])
        }
    }

    @Test func `a heartbeat tells what became of the worker's jobs`() async throws {
        try await Fleet.open { fleet in
            for _ in 0..<3 { try await fleet.addJob() }
            let worker = try await fleet.addWorker()
            let jobs = try await fleet.store.claimJobs(for: worker, limit: 3, poolLimit: 3)
            try await fleet.requestCancel(of: jobs[1].id)
            try await fleet.sql("UPDATE provisioner_jobs SET claim_epoch = 9 WHERE id = \(jobs[2].id)")
            var beat = try await fleet.store.heartbeat(worker, lease: .seconds(60), holding: jobs.map(\.held))
            #expect(
                beat
                    == Heartbeat(
                        now: beat.now,
                        state: .active,
                        stateReason: "",
                        drainDeadline: nil,
                        canceled: [jobs[1].held],
                        lost: [jobs[2].held],
                        held: Set(jobs.prefix(2).map(\.held) + [HeldJob(id: jobs[2].id, epoch: 9)]),
                        inMaintenance: false
                    )
            )
            #expect(
                try await fleet.value("SELECT lease_expires_at FROM workers", as: Instant.self) - beat.now
                    == .seconds(60)
            )
            try await fleet.store.setWorkerState(worker, .draining, reason: "upgrade", drainWithin: .seconds(30))
            try await fleet.sql(#"INSERT INTO settings (key, value) VALUES ('maintenance', '{"active": true}')"#)
            beat = try await fleet.store.heartbeat(worker, lease: .seconds(60), holding: [])
            #expect(beat.state == .draining)
            #expect(beat.stateReason == "upgrade")
            #expect(beat.drainDeadline.map { $0 > beat.now && $0 <= beat.now + .seconds(30) } == true)
            #expect(beat.inMaintenance)
        }
    }

    @Test func `a worker that was declared lost stays lost`() async throws {
        try await Fleet.open { fleet in
            let worker = try await fleet.addWorker()
            try await fleet.endLease(of: worker)
            _ = try await fleet.store.reapLostWorkers()
            let end: Instant = try await fleet.value("SELECT lease_expires_at FROM workers")
            #expect(try await fleet.store.heartbeat(worker, lease: .seconds(60), holding: []).state == .lost)
            #expect(try await fleet.value("SELECT lease_expires_at FROM workers") == end)
            try await fleet.store.setWorkerState(worker, .active)
            #expect(try await fleet.value("SELECT state::text FROM workers") == "lost")
            #expect(try await fleet.store.heartbeat(.random(), lease: .seconds(60), holding: []).state == .lost)
        }
    }
}
