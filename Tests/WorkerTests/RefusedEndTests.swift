// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Provisioning
@testable import Worker

/// Builds whose end the database refuses: they are failed builds, once, and what they made is not forgotten.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct RefusedEndTests {
    /// A pool of one whose builds report what is given, and the spool of its worker.
    private struct Room {
        let pools: TestPools
        let preset: PresetID
        let worker: WorkerID
        let spool: StateSpool
        let executor: Executor

        static func open(
            building outcome: @escaping @Sendable (BuildRequest) throws(ProvisioningFailure) -> BuildOutcome,
            _ body: (Room) async throws -> Void
        ) async throws {
            let spool = StateSpool(root: try await TestArea.shared.makeDirectory())
            try await TestPools.open { pools in
                let preset = try await pools.addPreset("us", desired: 1)
                let executor = Executor(
                    store: pools.store,
                    provisioners: [
                        .terraform: ScriptedProvisioner { request, reporter, _ async throws(ProvisioningFailure) in
                            reporter.log(LogLine(level: .info, stage: "apply", output: "made a disk"))
                            return try outcome(request)
                        }
                    ],
                    spool: spool,
                    logger: TestPools.logger
                )
                let worker = try await pools.addWorker(slots: 4)
                try await body(Room(pools: pools, preset: preset, worker: worker, spool: spool, executor: executor))
            }
        }

        /// Executes what waits, until nothing does.
        func work() async throws {
            while true {
                try await pools.sql("UPDATE provisioner_jobs SET available_at = now() WHERE job_status = 'pending'")
                let jobs = try await pools.store.claimJobs(for: worker, limit: 4, poolLimit: 4)
                guard !jobs.isEmpty else { return }
                for job in jobs {
                    let control = ExecutionControl(limits: ExecutionLimits(), leaseUntil: .now + .seconds(20))
                    await executor.execute(job, control: control)
                }
            }
        }

        /// Passes, and what they order, so many times.
        func rounds(_ count: Int) async throws {
            for _ in 0..<count {
                try await pools.reconcile()
                try await work()
            }
        }

        func text(_ sql: SQL) async throws -> String { try await pools.value(sql) }
    }

    private static let state = Array(#"{"what was made": 1}"#.utf8)

    @Sendable private static func report(_ request: BuildRequest) -> BuildOutcome {
        BuildOutcome(
            state: state,
            resources: [BuiltResource(type: "disk", name: "d", address: "disk.d", dailyCost: 5)]
        )
    }

    @Test func `a report that a constraint refuses fails the build once, and the pool does not run away`() async throws
    {
        try await Room.open(building: Self.report) { room in
            try await room.pools.sql("ALTER TABLE workspace_resources ADD CHECK (daily_cost < 5)")
            try await room.rounds(8)
            // Backing off: one order, one execution.
            #expect(try await room.pools.value("SELECT count(*) FROM workspaces") == 1)
            let (status, code, attempt, error) = try #require(
                try await room.pools.sql("SELECT job_status::text, error_code, attempt, error FROM provisioner_jobs")
                    .first
            ).decode(String.self, String.self, Int.self, String.self)
            #expect([status, code] == ["failed", "INVALID"])
            #expect(attempt == 1)
            #expect(error.hasPrefix("The database refuses what was reported: "))
            #expect(error.contains("23514"))
            #expect(try await room.pools.value("SELECT provisioner_state FROM workspace_builds") == Self.state)
            #expect(
                try await room.pools.value(
                    "SELECT count(*) FROM notification_events WHERE type = 'workspace_build_failed'"
                ) == 1
            )
            // It failed as INVALID, so another one would too: the hard limit holds at once.
            for _ in 0..<8 {
                try await room.pools.sql("UPDATE workspace_builds SET created_at = created_at - interval '10 minutes'")
                try await room.rounds(1)
            }
            #expect(try await room.pools.value("SELECT count(*) FROM workspaces") == 1)
            #expect(
                try await room.text("SELECT prebuild_status::text FROM template_version_presets") == "hard_limited"
            )
        }
    }

    @Test(arguments: ["workspace_builds", "late_states"])
    func `a state that its build cannot have is kept beside it, or stays in the spool`(refusing: String) async throws {
        try await Room.open(building: Self.report) { room in
            try await room.pools.reconcile()
            try await room.pools.refuse("UPDATE", on: "workspace_builds", when: "NEW.provisioner_state IS NOT NULL")
            if refusing == "late_states" { try await room.pools.refuse("INSERT", on: "late_states", when: "true") }
            let job: JobID = try await room.pools.value("SELECT id FROM provisioner_jobs")
            try await room.spool.save(SpooledState(HeldJob(id: job, epoch: 1), state: Self.state))
            try await room.work()
            #expect(
                try await room.text("SELECT job_status || ' ' || error_code FROM provisioner_jobs") == "failed INVALID"
            )
            let leftovers = try await room.spool.recover { _ in }
            if refusing == "workspace_builds" {
                #expect(leftovers.map(\.state) == [])
                #expect(try await room.pools.value("SELECT state FROM late_states") == Self.state)
            } else {
                #expect(leftovers.map(\.state) == [Self.state])
                try await room.pools.sql("DROP TRIGGER refusal ON late_states")
                let execution = HeldJob(id: job, epoch: 1)
                #expect(try await room.pools.store.recover(Self.state, of: execution, from: "w") == .late)
            }
        }
    }

    @Test func `a failure in words that the database refuses is a failure nevertheless`() async throws {
        try await Room.open { _ throws(ProvisioningFailure) in
            throw ProvisioningFailure(.failed, "unspeakable", state: Self.state)
        } _: { room in
            try await room.pools.refuse("UPDATE", on: "provisioner_jobs", when: "NEW.error LIKE 'unspeak%'")
            try await room.pools.refuse("INSERT", on: "provisioner_job_logs", when: "NEW.output LIKE 'unspeak%'")
            try await room.rounds(2)
            #expect(
                try await room.text("SELECT job_status || ' ' || error_code FROM provisioner_jobs") == "failed INVALID"
            )
            #expect(try await room.pools.value("SELECT provisioner_state FROM workspace_builds") == Self.state)
            // The line of the log with the same words is left out, and the others are there.
            let lines: [String] = try await room.pools.sql("SELECT output FROM provisioner_job_logs ORDER BY id").map {
                try $0.decode(String.self)
            }
            #expect(lines.first == "made a disk")
            #expect(lines.last?.hasPrefix("A line is left out here that the database refuses: ") == true)
            #expect(lines.count == 2)
        }
    }

    @Test func `an attempt that is to be repeated is, whatever it failed by`() async throws {
        try await Room.open { _ throws(ProvisioningFailure) in
            throw ProvisioningFailure(.transient, "unspeakable")
        } _: { room in
            try await room.pools.refuse(
                "UPDATE",
                on: "provisioner_jobs",
                when: "concat(NEW.error, NEW.retry_reason) LIKE '%unspeak%'"
            )
            try await room.rounds(1)
            #expect(try await room.text("SELECT job_status || ' ' || attempt FROM provisioner_jobs") == "failed 3")
        }
    }

    @Test func `a deletion whose end is refused is tried again in place, and ends when it no longer is`() async throws {
        try await Room.open { _ throws(ProvisioningFailure) in
            BuildOutcome(state: Self.state)
        } _: { room in
            try await room.rounds(1)
            try await room.pools.refuse("UPDATE", on: "workspaces", when: "NEW.deleted")
            try await room.pools.sql("UPDATE template_version_presets SET desired_instances = 0")
            try await room.pools.reconcile()
            let job = try #require(try await room.pools.store.claimJobs(for: room.worker, limit: 1, poolLimit: 1).first)
            let control = ExecutionControl(limits: ExecutionLimits(), leaseUntil: .now + .seconds(20))
            await room.executor.execute(job, control: control)
            #expect(
                try await room.text("SELECT job_status || ' ' || attempt FROM provisioner_jobs WHERE id = \(job.id)")
                    == "pending 1"
            )
            let reason = try #require(try await room.pools.store.pendingReasons(of: job.id).first)
            #expect(reason.message.contains("The database refuses what was reported"))
            try await room.pools.sql("DROP TRIGGER refusal ON workspaces")
            try await room.work()
            #expect(try await room.pools.value("SELECT bool_and(deleted) FROM workspaces") == true)
        }
    }
}

extension TestPools {
    /// From now on the database refuses such rows, as a constraint would.
    fileprivate func refuse(_ event: String, on table: String, when condition: String) async throws {
        let name = "refuse_\(table)"
        try await sql(
            .init(
                trusted: """
                    CREATE FUNCTION \(name)() RETURNS trigger LANGUAGE plpgsql AS $$
                    BEGIN
                        IF \(condition) THEN RAISE EXCEPTION 'refused' USING ERRCODE = '23514'; END IF;
                        RETURN NEW;
                    END $$
                    """
            )
        )
        try await sql(
            .init(
                trusted: "CREATE TRIGGER refusal BEFORE \(event) ON \(table) FOR EACH ROW EXECUTE FUNCTION \(name)()"
            )
        )
    }
}
