// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing
import Time

@testable import Store

/// Who gets which job, and when.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct JobClaimTests {
    @Test func `jobs come by class, then by age`() async throws {
        try await Fleet.open { fleet in
            let pool = try await fleet.addJob(.pool, dueFor: .seconds(60))
            let olderPool = try await fleet.addJob(.pool, dueFor: .seconds(120))
            let imported = try await fleet.addJob(.import)
            let deletion = try await fleet.addJob(.delete)
            let interactive = try await fleet.addJob(.interactive)
            let worker = try await fleet.addWorker()
            let jobs = try await fleet.store.claimJobs(for: worker, limit: 10, poolLimit: 10)
            #expect(jobs.map(\.id) == [interactive, deletion, imported, olderPool, pool])
            #expect(jobs.map(\.jobClass) == [.interactive, .delete, .import, .pool, .pool])
        }
    }

    /// A class is worth ten minutes of waiting.
    @Test(arguments: [
        (JobClass.pool, 1_700, JobClass.interactive), (.pool, 1_900, .pool), (.delete, 500, .interactive),
        (.delete, 700, .delete), (.import, 1_300, .import),
    ])
    func `a job that has waited long goes before one of a higher class`(
        old: JobClass,
        waited: Int,
        first: JobClass
    ) async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob(old, dueFor: .seconds(waited))
            try await fleet.addJob(.interactive)
            let worker = try await fleet.addWorker()
            #expect(try await fleet.claimOne(for: worker).jobClass == first)
        }
    }

    @Test func `a claim marks the job as run`() async throws {
        try await Fleet.open { fleet in
            let id = try await fleet.addJob(.interactive, dueFor: .seconds(5))
            let worker = try await fleet.addWorker()
            let job = try await fleet.claimOne(for: worker)
            #expect(job.id == id)
            #expect(job.held == HeldJob(id: id, epoch: 1))
            #expect(job.attempt == 1)
            #expect(job.maxAttempts == 3)
            #expect(job.startedAt - job.availableAt >= .seconds(5))
            #expect(!job.refreshFirst)
            #expect(try await fleet.status(of: id) == .running)
            #expect(try await fleet.value("SELECT worker_id FROM provisioner_jobs") == worker)
        }
    }

    @Test func `a job that is not due yet waits`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob(.interactive, dueFor: .seconds(-60))
            let worker = try await fleet.addWorker()
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 1) == [])
        }
    }

    @Test(arguments: [
        (Fleet.defaultTags, Fleet.defaultTags, true),
        (Fleet.defaultTags, #"{"owner":"","scope":"organization"}"#, true),
        (Fleet.defaultTags, #"{"scope":"organization","owner":"","zone":"eu"}"#, false),
        (Fleet.defaultTags, "{}", false),
        (#"{"zone":"eu"}"#, #"{"scope":"organization","owner":"","zone":"eu"}"#, true),
        (#"{"zone":"eu"}"#, #"{"zone":"us"}"#, false),
        (#"{"zone":"eu","gpu":"yes"}"#, #"{"zone":"eu"}"#, false),
        (#"{"scope":"organization","owner":"","zone":"eu"}"#, Fleet.defaultTags, false),
        ("{}", #"{"zone":"us"}"#, true),
    ])
    func `a job's tags are contained in its worker's`(job: String, worker: String, matches: Bool) async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob(.interactive, tags: job)
            let worker = try await fleet.addWorker(tags: worker)
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 1).count == (matches ? 1 : 0))
        }
    }

    @Test func `a worker of some organizations gets their jobs alone`() async throws {
        try await Fleet.open { fleet in
            let theirs = try await fleet.addOrganization("theirs")
            try await fleet.addJob(.interactive)
            let job = try await fleet.addJob(.interactive, organization: theirs)
            let worker = try await fleet.addWorker(organizations: [theirs])
            #expect(try await fleet.store.claimJobs(for: worker, limit: 5, poolLimit: 5).map(\.id) == [job])
        }
    }

    @Test func `a worker is told of an organization by name, and does not enter for one that there is not`()
        async throws
    {
        try await Fleet.open { fleet in
            let theirs = try await fleet.addOrganization("theirs")
            var worker = WorkerRegistration(
                name: "w",
                hostname: "",
                version: "1",
                tags: Fleet.defaultTags,
                organizations: ["Theirs", "nobody"],
                capacity: 1,
                leaseDuration: .seconds(60)
            )
            let error = await #expect(throws: StoreError.self) { try await fleet.store.register(worker) }
            #expect(error?.code == .notFound)
            #expect(error.map { "\($0)".contains("nobody") } == true)
            #expect(try await fleet.value("SELECT count(*) FROM workers") == 0)
            worker.organizations = ["Theirs"]
            try await fleet.store.register(worker)
            #expect(try await fleet.value("SELECT organization_ids[1] FROM workers") == theirs)
        }
    }

    @Test(arguments: [WorkerState.draining, .drained, .lost])
    func `a worker that is not active gets nothing`(state: WorkerState) async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob(.interactive)
            let worker = try await fleet.addWorker()
            try await fleet.store.setWorkerState(worker, state)
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 1) == [])
        }
    }

    @Test func `a worker whose lease has ended gets nothing, nor does one that was never entered`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob(.interactive)
            let worker = try await fleet.addWorker()
            try await fleet.endLease(of: worker)
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 1) == [])
            #expect(try await fleet.store.claimJobs(for: .random(), limit: 1, poolLimit: 1) == [])
        }
    }

    @Test func `nobody gets anything during maintenance, and it ends by itself`() async throws {
        try await Fleet.open { fleet in
            try await fleet.addJob(.interactive)
            let worker = try await fleet.addWorker()
            try await fleet.sql(
                #"INSERT INTO settings (key, value) VALUES ('maintenance', '{"active": true, "until": "2999-01-01T00:00:00Z"}')"#
            )
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 1) == [])
            try await fleet.sql(#"UPDATE settings SET value = value || '{"until": "2025-01-01T00:00:00Z"}'"#)
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 1).count == 1)
        }
    }

    @Test func `reserved slots go to others than pools, though pool jobs wait in front`() async throws {
        try await Fleet.open { fleet in
            for _ in 0..<6 { try await fleet.addJob(.pool, dueFor: .seconds(3_600)) }
            let interactive = try await fleet.addJob(.interactive)
            let worker = try await fleet.addWorker()
            let jobs = try await fleet.store.claimJobs(for: worker, limit: 4, poolLimit: 2)
            #expect(jobs.map(\.jobClass) == [.pool, .pool, .interactive])
            #expect(jobs.last?.id == interactive)
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 0) == [])
        }
    }

    @Test func `a job that another is taking is skipped, not waited for`() async throws {
        try await Fleet.open { fleet in
            let first = try await fleet.addJob(.interactive, dueFor: .seconds(2))
            let second = try await fleet.addJob(.interactive, dueFor: .seconds(1))
            let worker = try await fleet.addWorker()
            try await fleet.store.pool.withTransaction("test") { transaction in
                _ = try await transaction.execute(
                    Statement("test", "SELECT FROM provisioner_jobs WHERE id = \(first) FOR UPDATE")
                )
                // Waiting would end at the statement's deadline.
                let jobs = try await fleet.store.claimJobs(for: worker, limit: 5, poolLimit: 5)
                #expect(jobs.map(\.id) == [second])
            }
        }
    }

    @Test func `many claimers never get the same job`() async throws {
        try await Fleet.open(sessions: 8) { fleet in
            try await fleet.sql(
                """
                INSERT INTO provisioner_jobs (organization_id, initiator_id)
                SELECT \(fleet.organization), \(prebuildsUserID) FROM generate_series(1, 400)
                """
            )
            let claimed = try await withThrowingTaskGroup(of: [JobID].self) { group in
                for _ in 0..<8 {
                    let worker = try await fleet.addWorker()
                    group.addTask {
                        var mine: [JobID] = []
                        while true {
                            let jobs = try await fleet.store.claimJobs(for: worker, limit: 7, poolLimit: 7)
                            if jobs.isEmpty { return mine }
                            mine += jobs.map(\.id)
                        }
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(claimed.count == 400)
            #expect(Set(claimed).count == 400)
        }
    }

    @Test func `jobs that leave nothing behind are finished by the next claim, unless they were taken away`()
        async throws
    {
        try await Fleet.open { fleet in
            let worker = try await fleet.addWorker()
            for _ in 0..<3 { try await fleet.addJob() }
            let jobs = try await fleet.store.claimJobs(for: worker, limit: 2, poolLimit: 2)
            try await fleet.store.requeue(jobs[1].held, after: .seconds(60), refundAttempt: true)
            let next = try await fleet.store.claimJobs(
                for: worker,
                limit: 2,
                poolLimit: 2,
                finishing: jobs.map(\.held)
            )
            #expect(next.count == 1)
            #expect(try await fleet.status(of: jobs[0].id) == .succeeded)
            #expect(try await fleet.status(of: jobs[1].id) == .pending)
            #expect(
                try await fleet.store.claimJobs(for: worker, limit: 0, poolLimit: 0, finishing: next.map(\.held)) == []
            )
            #expect(try await fleet.status(of: next[0].id) == .succeeded)
        }
    }

    /// Else its jobs would begin after somebody was told that nothing runs any more.
    @Test func `a maintenance begins once the claims that had begun before it have ended`() async throws {
        try await Fleet.open { fleet in
            let store = fleet.store
            try await fleet.addJob()
            let worker = try await fleet.addWorker()
            let hasBegun = WatchedState(false)
            let starting = try await store.pool.withTransaction("test.claim") { transaction in
                let claim = JobClaim(worker: worker, limit: 1, poolLimit: 1, place: nil)
                let answers = try await transaction.executeBatch(claim.statements(finishing: []))
                #expect(try JobClaim.read(answers).jobs.count == 1)
                let starting = Task {
                    try await store.pause(.maintenance)
                    hasBegun.update { $0 = true }
                }
                try await fleet.until(
                    """
                    EXISTS (
                        SELECT FROM pg_stat_activity
                        WHERE wait_event_type = 'Lock' AND wait_event = 'advisory' AND datname = current_database()
                    )
                    """
                )
                #expect(!hasBegun.current)
                return starting
            }
            try await starting.value
            #expect(try await fleet.value("SELECT count(*) FROM provisioner_jobs WHERE job_status = 'running'") == 1)
            try await fleet.addJob()
            #expect(try await store.claimJobs(for: worker, limit: 1, poolLimit: 1) == [])
        }
    }
}
