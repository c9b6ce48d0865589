// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LocalPostgres
import PostgresClient
import Store
import Subprocess
import TestSupport
import Testing

/// Claims, builds, failures, kills and restarts for as long as `Scripts/soak` says; not part of the default run.
@Suite struct SoakTests {
    @Test(
        .enabled(if: Scale.soakMinutes > 0, "run Scripts/soak"),
        .cluster(.currentSchema, settings: ["synchronous_commit": "on"])
    )
    func `the invariants hold through claims, failures, kills and restarts`() async throws {
        try await ChaosFleet.open(database: TestCluster.current.connectionString) { chaos in
            var soak = Soak(chaos: chaos)
            try await soak.begin()
            let deadline = ContinuousClock.now + .seconds(60 * Scale.soakMinutes)
            while ContinuousClock.now < deadline {
                try await soak.round()
                let broken = try await soak.brokenInvariants()
                #expect(broken == [])
                guard broken.isEmpty else { break }
            }
            try await soak.settle()
            let broken = try await soak.brokenInvariants() + soak.unfinished()
            #expect(broken == [])
            print(try await soak.summary())
            try await soak.end()
        }
    }
}

/// One run: the disturbances, and what must hold.
private struct Soak {
    let chaos: ChaosFleet
    private var workers: [String: RunningProcess] = [:]
    private var counts: [String: Int] = [:]
    private var claimed: [String] = []
    private var next = 0

    private static let names = ["one", "two", "three", "four"]
    private static let desired = 3

    init(chaos: ChaosFleet) {
        self.chaos = chaos
    }

    mutating func begin() async throws {
        for name in Self.names { workers[name] = try await chaos.worker(name) }
        _ = try await chaos.watch.store.pool.execute(
            Statement(
                "test.desire",
                "UPDATE template_version_presets SET desired_instances = \(Self.desired)"
            )
        )
    }

    /// Some work and one disturbance.
    mutating func round() async throws {
        next += 1
        try await chaos.enqueue(4, "box\(next)-", maxAttempts: 20)
        if next.isMultiple(of: 3) { try await chaos.enqueue(1, "flaky\(next)-", maxAttempts: 20) }
        await claim("desk\(next)")
        if claimed.count > 3 { await delete(claimed.removeFirst()) }
        guard let name = Self.names.randomElement(), let worker = workers[name] else { return }
        switch Int.random(in: 0..<20) {
        case 0..<8:
            count("kill")
            worker.send(.kill)
        case 8..<12:
            count("drain")
            worker.send(.terminate)
        case 12..<14:
            count("freeze")
            worker.send(.suspend)
            try await Task.sleep(for: .seconds(5))
            worker.send(.resume)
        case 14:
            count("database restart")
            try await TestCluster.current.cluster.restart(mode: .immediate)
        default:
            count("quiet round")
        }
        try await Task.sleep(for: .seconds(1))
        try await restartEnded()
    }

    private mutating func claim(_ name: String) async {
        let outcome = try? await chaos.fleet.stoker("claim", "witness", "--owner", "ada", "--name", name)
        guard outcome?.status.isSuccess == true else { return count("claim refused") }
        count(outcome?.standardOutput.first?.contains("ready prebuild") == true ? "claim hit" : "claim miss")
        claimed.append(name)
    }

    /// A running build is a reason to try again later.
    private mutating func delete(_ name: String) async {
        let outcome = try? await chaos.fleet.stoker("workspaces", "delete", name, "--owner", "ada")
        if outcome?.status.isSuccess == true { count("deletion") } else { claimed.append(name) }
    }

    private mutating func restartEnded() async throws {
        for (name, worker) in workers {
            guard (try? await worker.exit(within: .milliseconds(1))) != nil else { continue }
            count("worker start")
            workers[name] = try await chaos.worker(name)
        }
    }

    private mutating func count(_ what: String) {
        counts[what, default: 0] += 1
    }

    /// What must hold at any moment; empty when it does.
    func brokenInvariants() async throws -> [String] {
        try await chaos.witness.overlaps
            + chaos.watch.column(
                "SELECT 'job ' || job_id || ' ended ' || count(*) || ' times' FROM ends GROUP BY job_id HAVING count(*) > 1"
            )
            + chaos.watch.column(
                """
                SELECT 'build ' || b.id || ' has no job' FROM workspace_builds b
                WHERE NOT EXISTS (SELECT FROM provisioner_jobs j WHERE j.id = b.job_id)
                """
            )
            + chaos.watch.column(
                """
                SELECT 'workspace ' || w.id || ' has ' || count(*) || ' builds under way' FROM workspaces w
                JOIN workspace_builds b ON b.workspace_id = w.id JOIN provisioner_jobs j ON j.id = b.job_id
                WHERE j.completed_at IS NULL GROUP BY w.id HAVING count(*) > 1
                """
            )
            + chaos.watch.column(
                """
                SELECT 'a pool of ' || count(*) || ' alive prebuilds' FROM workspaces w
                JOIN workspace_latest_builds b ON b.workspace_id = w.id
                WHERE w.owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0' AND b.transition = 'start'
                    AND b.job_status IN ('pending', 'running', 'succeeded') AND NOT w.retiring
                HAVING count(*) > \(Self.desired)
                """
            )
    }

    /// Waits until everything has ended.
    mutating func settle() async throws {
        try await restartEnded()
        try await chaos.watch.until(
            "all jobs to end",
            "SELECT count(*) FROM provisioner_jobs WHERE completed_at IS NULL",
            is: 0,
            within: .seconds(120)
        )
        try await chaos.watch.until(
            "a full pool",
            "SELECT count(*) FROM workspace_prebuilds WHERE eligible",
            is: Self.desired,
            within: .seconds(60)
        )
        try await chaos.requireNoLeftovers(of: Self.names)
    }

    /// What should have succeeded and has not.
    func unfinished() async throws -> [String] {
        try await chaos.watch.column(
            """
            SELECT concat_ws(' ', w.name, j.job_status, j.error_code, j.error) FROM provisioner_jobs j
            JOIN workspaces w ON w.id = j.workspace_id
            WHERE j.job_status <> 'succeeded' AND j.error_code IS DISTINCT FROM 'WORKER_LOST'
            """
        )
    }

    func summary() async throws -> String {
        let jobs = try await chaos.watch.column(
            """
            SELECT concat_ws(' ', j.priority, j.job_status, j.error_code, count(*), 'attempts up to', max(j.attempt),
                'epochs up to', max(j.claim_epoch))
            FROM provisioner_jobs j GROUP BY j.priority, j.job_status, j.error_code ORDER BY 1
            """
        )
        let late = try await chaos.watch.number("SELECT count(*) FROM late_states")
        let lost = try await chaos.watch.number("SELECT count(*) FROM workers WHERE state = 'lost'")
        let done = counts.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
        return """
            soak: \(Scale.soakMinutes) minutes, \(next) rounds, \(Self.names.count) workers
            \(done.joined(separator: "\n"))
              workers lost: \(lost)
              states that came too late: \(late)
              jobs by priority, status and error:
            \(jobs.map { "    \($0)" }.joined(separator: "\n"))
            soak: every job ended once, none overlapped, pools never exceeded, nothing left behind
            """
    }

    func end() async throws {
        for worker in workers.values { try await worker.end() }
    }
}
