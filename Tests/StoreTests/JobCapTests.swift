// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import TestSupport
import Testing
import Time

/// Caps on what runs at once, whoever claims.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct JobCapTests {
    @Test(arguments: ["templates", "organizations"])
    func `a cap of three is never exceeded by eight workers in a hundred rounds`(capped: String) async throws {
        try await Fleet.open(sessions: 8) { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 8)
            try await fleet.pass()
            try await fleet.sql("UPDATE \(identifier: capped) SET max_concurrent_builds = 3")
            var workers: [WorkerID] = []
            for _ in 0..<8 { workers.append(try await fleet.addWorker()) }
            for round in 0..<100 {
                let claimed = try await withThrowingTaskGroup(of: Int.self) { group in
                    for (number, worker) in workers.enumerated() {
                        group.addTask {
                            try await fleet.store.claimJobs(for: worker, limit: number % 3 + 1, poolLimit: 4).count
                        }
                    }
                    return try await group.reduce(0, +)
                }
                try #require(claimed == 3, "round \(round)")
                #expect(
                    try await fleet.value("SELECT count(*) FROM provisioner_jobs WHERE job_status = 'running'") == 3
                )
                try await fleet.sql(
                    "UPDATE provisioner_jobs SET worker_id = NULL, started_at = NULL WHERE job_status = 'running'"
                )
            }
            #expect(try await fleet.pendingStarts(of: preset) == 8)
        }
    }

    @Test func `jobs held back by a cap hold up no others`() async throws {
        try await Fleet.open { fleet in
            let capped = try await fleet.addTemplate("capped")
            let free = try await fleet.addTemplate("free")
            _ = try await fleet.addPreset(of: capped.version, desired: 5)
            try await fleet.pass()
            let preset = try await fleet.addPreset(of: free.version, desired: 2)
            try await fleet.pass(at: Fleet.now + .seconds(1))
            try await fleet.sql("UPDATE templates SET max_concurrent_builds = 1 WHERE id = \(capped.id)")
            let worker = try await fleet.addWorker()
            #expect(try await fleet.store.claimJobs(for: worker, limit: 4, poolLimit: 4).count == 3)
            #expect(try await fleet.pendingStarts(of: preset) == 0)
        }
    }

    /// A job put in by hand names no template; its build does.
    @Test func `a cap counts jobs by the template of their build`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            for _ in 0..<3 { try await fleet.addWorkspace(of: preset, .init(status: .pending)) }
            try await fleet.sql("UPDATE templates SET max_concurrent_builds = 2")
            let worker = try await fleet.addWorker()
            #expect(try await fleet.store.claimJobs(for: worker, limit: 1, poolLimit: 1).count == 1)
            #expect(try await fleet.store.claimJobs(for: worker, limit: 4, poolLimit: 4).count == 1)
            #expect(try await fleet.store.claimJobs(for: worker, limit: 4, poolLimit: 4).count == 0)
        }
    }
}
