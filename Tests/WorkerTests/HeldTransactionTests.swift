// SPDX-License-Identifier: Apache-2.0

import Bench
import FoundationEssentials
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Worker

/// A transaction that is held open under load keeps every claimed job in the index of pending jobs
/// (Documentation/Decisions/0017-queue-place.md).
@Suite(.database(.migrated), .timeLimit(.minutes(15))) struct HeldTransactionTests {
    /// The least duration in seconds.
    private static let seconds = Int(ProcessInfo.processInfo.environment["STOKER_CHAOS_HELD_SECONDS"] ?? "") ?? 0
    private static let jobs = 20_000
    private static let slots = 64

    @Test func `claims stay within half of their rate, and do not walk over what was claimed before`() async throws {
        try await TestPools.open { pools in
            let store = pools.store
            let bench = BenchJobs()
            try await RunningWorker(store, slots: Self.slots, tags: bench.tags).during { worker in
                var load = Load(store: store, bench: bench, worker: worker)
                let tenth = Duration.seconds(Self.seconds) / 10
                let free = try await load.run(for: tenth)
                let before = try await walked(pools)
                let (early, late) = try await store.holdingTransaction {
                    (try await load.run(for: tenth * 9), try await load.run(for: tenth))
                }
                let walked = try await walked(pools) - before

                // Each job is read where it stands, some twice; and all that was claimed once a second, from the front.
                let claimed = early.jobs + late.jobs
                let looks = Int((early.time + late.time) / .seconds(1)) + 2
                #expect(walked <= claimed * (4 + looks), "\(walked) entries for \(claimed) jobs")
                // Rates of a few seconds say nothing on a machine that does other things, too.
                if Self.seconds >= 60 { #expect(late.rate >= free.rate / 2, "\(late.rate) beside \(free.rate) jobs/s") }
                #expect(try await pools.value("SELECT count(*) FROM provisioner_jobs WHERE claim_epoch > 1") == 0)
            }
        }
    }

    /// Entries of the queue's indexes that scans have returned so far, dead ones included.
    private func walked(_ pools: TestPools) async throws -> Int {
        try await pools.value(
            """
            SELECT sum(idx_tup_read)::bigint FROM pg_stat_user_indexes
            WHERE indexrelname IN ('provisioner_jobs_pending', 'provisioner_jobs_pending_reserved')
            """
        )
    }

    /// Keeps the queue full.
    private struct Load {
        let store: Store
        let bench: BenchJobs
        let worker: RunningWorker
        var waiting = 0

        struct Claimed {
            var jobs = 0
            var time = Duration.zero

            var rate: Double { Double(jobs) / (time / .seconds(1)) }
        }

        /// What is claimed in so much time, and until it is enough.
        mutating func run(for time: Duration) async throws -> Claimed {
            let began = ContinuousClock.now
            var claimed = Claimed()
            while claimed.time < time || claimed.jobs < HeldTransactionTests.jobs {
                if waiting < HeldTransactionTests.jobs {
                    try await store.enqueueNoOps(HeldTransactionTests.jobs, bench)
                    waiting += HeldTransactionTests.jobs
                }
                let count = try await worker.claims.next("claims").count
                waiting -= count
                claimed.jobs += count
                claimed.time = began.duration(to: .now)
            }
            return claimed
        }
    }
}
