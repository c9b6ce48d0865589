// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import Telemetry
import TestSupport
import Testing

@testable import Worker

/// A worker's wake-ups, lease and job runner together, on jobs without work.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct JobServicesTests {
    private func withWorker(
        _ pools: TestPools,
        slots: Int = 4,
        heartbeat: Duration = .seconds(3_600),
        _ body: (JobServices, TestSignal<[ClaimedJob]>) async throws -> Void
    ) async throws {
        try await RunningWorker(pools.store, slots: slots, heartbeat: heartbeat).during {
            try await body($0.services, $0.claims)
        }
    }

    /// - Parameter place: Where in the queue they are said to stand; `nil`: where they do.
    @discardableResult
    private func enqueue(
        _ pools: TestPools,
        _ count: Int,
        _ jobClass: JobClass,
        telling place: Int64? = nil
    ) async throws -> [JobID] {
        let rows = try await pools.sql(
            """
            WITH jobs AS (
                INSERT INTO provisioner_jobs (organization_id, initiator_id, priority, input)
                SELECT id, id, \(jobClass.priority), '{"no_op": true}' FROM organizations, generate_series(1, \(count))
                WHERE is_default RETURNING id, claim_order
            )
            SELECT id, pg_notify(\(Channel.jobs), coalesce(
                \(place), (SELECT extract(epoch FROM min(claim_order)) * 1000000 FROM jobs)::bigint
            )::text) FROM jobs
            """
        )
        return try rows.map { try $0.decode(column: 0, as: JobID.self) }
    }

    private func unfinished(_ pools: TestPools) async throws -> Int {
        try await pools.value("SELECT count(*) FROM provisioner_jobs WHERE completed_at IS NULL")
    }

    @Test func `jobs that stand before those claimed last are found at once when there is news of them`() async throws {
        try await TestPools.open { pools in
            try await withWorker(pools) { _, claims in
                for round in 0..<20 {
                    let refill = try await enqueue(pools, 1, .pool)
                    #expect(try await claims.next("the refill of round \(round)").map(\.id) == refill)
                    // Its place is half an hour before that of the refill.
                    let waited = try await enqueue(pools, 1, .interactive)
                    #expect(try await claims.next("the job of round \(round)").map(\.id) == waited)
                }
            }
            #expect(try await unfinished(pools) == 0)
        }
    }

    @Test func `jobs that nobody tells of are found by looking from the front again`() async throws {
        try await TestPools.open { pools in
            try await withWorker(pools) { _, claims in
                let refill = try await enqueue(pools, 1, .pool)
                #expect(try await claims.next("the refill").map(\.id) == refill)
                let untold = try await enqueue(pools, 1, .interactive, telling: .max)
                #expect(try await claims.next("the job that stands before").map(\.id) == untold)
            }
        }
    }

    @Test func `jobs that need no doing are claimed and ended once each, however many claims are made at once`()
        async throws
    {
        try await TestPools.open { pools in
            try await withWorker(pools, slots: 200) { _, claims in
                let jobs = try await enqueue(pools, 3_000, .pool)
                var claimed: [JobID] = []
                while claimed.count < jobs.count { claimed += try await claims.next("more of the jobs").map(\.id) }
                #expect(Set(claimed) == Set(jobs))
                #expect(claimed.count == jobs.count)
            }
            #expect(try await unfinished(pools) == 0)
            #expect(try await pools.value("SELECT count(*) FROM provisioner_jobs WHERE attempt <> 1") == 0)
        }
    }

    @Test func `a worker drained by command claims nothing, says when it is done, and claims again when resumed`()
        async throws
    {
        try await TestPools.open { pools in
            try await withWorker(pools, heartbeat: .milliseconds(100)) { services, claims in
                let drained = try await pools.store.drainWorkers(named: "worker", within: .seconds(60), by: "ada")
                try await pools.until("EXISTS (SELECT FROM workers WHERE state = 'drained')")
                #expect(services.drain.phase == .draining)
                #expect(!services.drain.isFinal)
                let waiting = try await enqueue(pools, 2, .interactive)
                // It has heard of them, and has looked at its orders since.
                try await pools.until(
                    """
                    (SELECT last_seen_at FROM workers)
                        > (SELECT max(created_at) FROM provisioner_jobs) + interval '300 ms'
                    """
                )
                #expect(try await unfinished(pools) == 2)
                #expect(claims.untaken.isEmpty)
                #expect(try await pools.store.resumeWorkers(named: "worker") == drained)
                #expect(Set(try await claims.next("the jobs").map(\.id)) == Set(waiting))
                #expect(services.drain.phase == .active)
            }
            #expect(try await unfinished(pools) == 0)
        }
    }

    @Test func `its slots and its lease are told when they are asked for`() async throws {
        try await TestPools.open { pools in
            let registry = MetricsRegistry()
            try await withWorker(pools) { services, _ in
                registry.gather("worker", services.gauges)
                let lines = registry.text().split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
                #expect(
                    lines.filter { $0.hasPrefix("stoker_worker_slots") } == [
                        #"stoker_worker_slots{state="busy"} 0"#, #"stoker_worker_slots{state="free"} 4"#,
                    ]
                )
                let lease = lines.first { $0.hasPrefix("stoker_lease_remaining_seconds ") }
                let seconds = lease.flatMap { $0.split(separator: " ").last.flatMap { Double($0) } } ?? 0
                #expect((7_100...7_200).contains(seconds))
            }
        }
    }
}
