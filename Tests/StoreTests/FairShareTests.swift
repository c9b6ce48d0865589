// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing
import Time

@testable import Store

/// Pools share the workers: by the place at which their jobs enter the queue.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct FairShareTests {
    private func addPools(_ pools: KeyValuePairs<String, Int>, to fleet: Fleet) async throws -> TemplateVersionID {
        let version = try await fleet.addTemplate().version
        for (name, desired) in pools { _ = try await fleet.addPreset(name, of: version, desired: desired) }
        return version
    }

    /// Claims so many jobs, and names their pools in the order of the claim.
    private func claim(_ count: Int, for worker: WorkerID, _ fleet: Fleet) async throws -> [(
        job: ClaimedJob, of: String
    )] {
        let jobs = try await fleet.store.claimJobs(for: worker, limit: count, poolLimit: count)
        let names: [String] = try await fleet.column(
            """
            SELECT p.name FROM unnest(\(jobs.map(\.id))) WITH ORDINALITY x(id, position)
            JOIN workspace_builds b ON b.job_id = x.id JOIN template_version_presets p ON p.id = b.template_version_preset_id
            ORDER BY x.position
            """
        )
        return zip(jobs, names).map { ($0, $1) }
    }

    private func complete(_ claimed: [(job: ClaimedJob, of: String)], _ fleet: Fleet) async throws {
        for (job, _) in claimed { try await fleet.complete(job, .succeeded) }
    }

    @Test func `a pool of two that is ordered with one of forty is built in the first round`() async throws {
        try await Fleet.open { fleet in
            _ = try await addPools(["large": 40, "small": 2], to: fleet)
            try await fleet.pass()
            let worker = try await fleet.addWorker()
            #expect(try await claim(6, for: worker, fleet).count { $0.of == "small" } == 2)
            // And what is due is all claimable at once.
            #expect(try await claim(40, for: worker, fleet).count == 36)
        }
    }

    @Test(arguments: [Duration.seconds(1), .seconds(60), .seconds(1_100)])
    func `a pool that is ordered while a large one is being built does not wait for all of it`(after delay: Duration)
        async throws
    {
        try await Fleet.open { fleet in
            let version = try await addPools(["large": 40], to: fleet)
            try await fleet.pass()
            let worker = try await fleet.addWorker()
            for _ in 0..<2 { try await complete(claim(6, for: worker, fleet), fleet) }
            _ = try await fleet.addPreset("small", of: version, desired: 2)
            try await fleet.pass(at: Fleet.now + delay)
            // One of the large pool for each of the small one.
            #expect(try await claim(4, for: worker, fleet).map(\.of) == ["large", "small", "large", "small"])
        }
    }

    @Test func `a pool of threefold weight is built three times as fast`() async throws {
        try await Fleet.open { fleet in
            _ = try await addPools(["light": 20, "heavy": 20], to: fleet)
            try await fleet.sql("UPDATE template_version_presets SET weight = 3 WHERE name = 'heavy'")
            // A weight that makes no sense counts as one.
            try await fleet.sql("UPDATE template_version_presets SET weight = -5 WHERE name = 'light'")
            try await fleet.pass()
            let worker = try await fleet.addWorker()
            #expect(try await claim(16, for: worker, fleet).count { $0.of == "heavy" } == 12)
        }
    }

    @Test func `builds under way count, those that run as well as those that wait`() async throws {
        try await Fleet.open { fleet in
            _ = try await addPools(["one": 3], to: fleet)
            try await fleet.pass()
            let worker = try await fleet.addWorker()
            _ = try await claim(1, for: worker, fleet)
            try await fleet.sql("UPDATE template_version_presets SET desired_instances = 6")
            _ = try await fleet.addPreset(
                "two",
                of: fleet.value("SELECT id FROM template_versions"),
                desired: 6
            )
            try await fleet.pass(at: Fleet.now + .seconds(1))
            let order = try await claim(11, for: worker, fleet).map(\.of)
            // Two of the first pool wait at the front; its next three enter behind three builds of it.
            #expect(order.prefix(5) == ["one", "two", "one", "two", "two"], "\(order)")
            #expect(order.suffix(2).sorted() == ["one", "two"], "\(order)")
        }
    }

    @Test func `a small pool that is claimed as soon as it is filled starves no large one`() async throws {
        try await Fleet.open { fleet in
            let ada = try await fleet.addUser("ada")
            _ = try await addPools(["large": 10, "small": 1], to: fleet)
            let worker = try await fleet.addWorker()
            var built: [String] = []
            for round in 0..<20 {
                try await fleet.pass(at: Fleet.now + .seconds(round))
                let claimed = try await claim(1, for: worker, fleet)
                built += claimed.map(\.of)
                try await complete(claimed, fleet)
                try await fleet.sql(
                    """
                    UPDATE workspaces w SET owner_id = \(ada), name = w.id::text FROM workspace_builds b
                    JOIN template_version_presets p ON p.id = b.template_version_preset_id
                    JOIN provisioner_jobs j ON j.id = b.job_id
                    WHERE b.workspace_id = w.id AND p.name = 'small' AND j.completed_at IS NOT NULL
                    """
                )
            }
            #expect(built.count { $0 == "large" } == 10, "\(built)")
            #expect(built.count { $0 == "small" } == 10, "\(built)")
        }
    }

    /// A job that no worker may run would otherwise keep the virtual time where it is.
    @Test func `an order enters the queue at most twenty minutes before its time`() async throws {
        try await Fleet.open { fleet in
            let version = try await addPools(["stuck": 1, "large": 10], to: fleet)
            try await fleet.pass()
            try await fleet.sql(
                """
                UPDATE provisioner_jobs j SET tags = '{"nobody": "has it"}' FROM workspace_builds b
                JOIN template_version_presets p ON p.id = b.template_version_preset_id
                WHERE b.job_id = j.id AND p.name = 'stuck'
                """
            )
            _ = try await fleet.addPreset("small", of: version, desired: 1)
            try await fleet.pass(at: Fleet.now + .seconds(1_300))
            let worker = try await fleet.addWorker()
            let order = try await claim(11, for: worker, fleet).map(\.of)
            #expect(order == Array(repeating: "large", count: 10) + ["small"])
        }
    }

    @Test func `an order that stands before its time has waited only since then`() async throws {
        try await Fleet.open { fleet in
            _ = try await addPools(["old": 2], to: fleet)
            let now: Instant = try await fleet.store.now()
            try await fleet.pass(at: now - .seconds(1_000))
            _ = try await fleet.addPreset("new", of: fleet.value("SELECT id FROM template_versions"), desired: 1)
            try await fleet.pass(at: now)
            let place: Instant = try await fleet.value(
                "SELECT min(available_at) FROM provisioner_jobs WHERE created_at = \(now)"
            )
            #expect(place < now - .seconds(1_000))
            #expect(try await fleet.store.overview().oldestPendingSeconds < 1_010)
            #expect(try await fleet.store.expirePendingJobs(after: .seconds(900)).expired.count == 2)
            let worker = try await fleet.addWorker()
            let job = try await fleet.claimOne(for: worker)
            #expect(job.availableAt == now)
        }
    }

    /// As an operator puts them in, or a program of the release before.
    @Test func `a job that was put in by hand waits since it is due, and stands there`() async throws {
        try await Fleet.open { fleet in
            let waiting = try await fleet.addJob(dueFor: .seconds(100))
            _ = try await fleet.addJob(dueFor: .seconds(1))
            let worker = try await fleet.addWorker()
            let job = try await fleet.claimOne(for: worker)
            #expect(job.id == waiting)
            #expect(job.startedAt - job.availableAt >= .seconds(100))
        }
    }
}
