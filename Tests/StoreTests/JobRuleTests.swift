// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing

@testable import Store

/// Rules that the program and its statements both know say the same.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct JobRuleTests {
    private static let enums: [(String, [String])] = [
        ("provisioner_job_status", JobStatus.allCases.map(\.rawValue)),
        ("provisioner_job_type", JobType.allCases.map(\.rawValue)),
        ("provisioner_type", ProvisionerType.allCases.map(\.rawValue)),
        ("workspace_transition", Transition.allCases.map(\.rawValue)),
        ("build_reason", BuildReason.allCases.map(\.rawValue)),
        ("log_level", LogLevel.allCases.map(\.rawValue)),
        ("worker_state", WorkerState.allCases.map(\.rawValue)),
        ("workspace_agent_lifecycle_state", AgentState.allCases.map(\.rawValue)),
    ]

    @Test(arguments: enums)
    func `a closed enum has the labels of the database's`(name: String, labels: [String]) async throws {
        try await Fleet.open { fleet in
            let known: [String] = try await fleet.value(
                "SELECT array_agg(enumlabel::text) FROM pg_enum WHERE enumtypid = \(name)::regtype"
            )
            #expect(known.sorted() == labels.sorted())
        }
    }

    /// What Stoker writes: begun, its end asked for, ended, and with what error.
    private static let written: [(Bool, Bool, Bool, String?)] = [
        (false, false, false, nil), (true, false, false, nil), (true, true, false, nil), (true, false, true, nil),
        (true, false, true, ""), (true, false, true, "x"), (true, true, true, nil), (true, true, true, "x"),
        (false, true, true, nil),
    ]

    @Test(arguments: written)
    func `a status says of a job what statements ask of its columns`(
        begun: Bool,
        canceled: Bool,
        ended: Bool,
        error: String?
    ) async throws {
        try await Fleet.open { fleet in
            let worker: WorkerID? = begun ? try await fleet.addWorker() : nil
            let job: JobID = try await fleet.value(
                """
                INSERT INTO provisioner_jobs (organization_id, initiator_id, worker_id, started_at, canceled_at, completed_at,
                    error)
                VALUES (\(fleet.organization), \(prebuildsUserID), \(worker), \(begun ? Fleet.now : nil),
                    \(canceled ? Fleet.now : nil), \(ended ? Fleet.now : nil), \(error)) RETURNING id
                """
            )
            let status = try #require(try await fleet.status(of: job))
            func ask(_ condition: SQL) async throws -> Bool {
                try await fleet.value("SELECT \(sql: condition) FROM provisioner_jobs j WHERE id = \(job)")
            }
            #expect(try await ask("completed_at IS NOT NULL") == status.hasEnded)
            #expect(try await ask(.isRunning("j")) == status.isRunning)
            #expect(try await fleet.store.job(job).hasEnded == status.hasEnded)
        }
    }

    @Test(arguments: Int16(0)...5) func `whoever waits for a job decides its class`(priority: Int16) async throws {
        try await Fleet.open { fleet in
            let job = try await fleet.addJob()
            let isAwaited: Bool = try await fleet.value(
                """
                UPDATE provisioner_jobs j SET priority = \(priority) WHERE id = \(job) RETURNING \(sql: .isAwaited("j"))
                """
            )
            #expect(isAwaited == (JobClass(priority: priority) != .pool))
            #expect(try await fleet.claimOne(for: fleet.addWorker()).jobClass == JobClass(priority: priority))
        }
    }

    /// Executions before, and how many there may be.
    @Test(arguments: [(0, 1), (0, 3), (1, 3), (2, 3), (3, 3), (6, 8), (7, 8)])
    func `a job that is taken back waits again while it has attempts left`(before: Int, most: Int) async throws {
        try await Fleet.open { fleet in
            let id = try await fleet.addJob(maxAttempts: most)
            try await fleet.sql("UPDATE provisioner_jobs SET attempt = \(before) WHERE id = \(id)")
            let job = try await fleet.claimOne(for: fleet.addWorker())
            #expect(try await fleet.store.giveBack([job.held]) == 1)
            #expect(try await fleet.status(of: id) == (job.hasAttemptsLeft ? .pending : .failed))
        }
    }

    /// The worker's state, and for how many seconds its lease still runs.
    @Test(arguments: [
        (WorkerState.active, 60.0, true, true), (.active, -1, false, false), (.draining, 60, true, false),
        (.draining, -1, false, false), (.drained, 60, true, false), (.drained, -1, false, false),
        (.lost, 60, false, false),
        (.lost, -1, false, false),
    ])
    func `a worker is up while its lease runs, and claims while it is active`(
        state: WorkerState,
        lease: Double,
        isUp: Bool,
        isClaiming: Bool
    ) async throws {
        try await Fleet.open { fleet in
            let worker = try await fleet.addWorker()
            let answers: [Bool] = try await fleet.value(
                """
                UPDATE workers w SET state = \(state.rawValue)::worker_state,
                    lease_expires_at = now() + make_interval(secs => \(lease))
                WHERE id = \(worker) RETURNING ARRAY[\(sql: .isUp("w")), \(sql: .isClaiming("w"))]
                """
            )
            #expect(answers == [isUp, isClaiming])
            try await fleet.addJob()
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 1).isEmpty == !isClaiming)
        }
    }
}
