// SPDX-License-Identifier: Apache-2.0

import Store
import Synchronization

/// Measures a full queue while a transaction stays open for minutes, which prevents vacuum from removing claimed
/// entries. It uses a database of its own.
struct HeldTransactionBench {
    let server: BenchServer
    /// How many jobs wait at any time.
    let jobs: Int
    let concurrency: Int
    let time: Duration

    /// Jobs per second in the last tenth of the time, beside those in a tenth of the time without the transaction.
    func figure() async throws -> BenchFigure {
        let name = try await server.makeDatabase()
        return try await server.connect(to: name, sessions: 3) { store in
            let free = try await rate(store, name, for: time / 10)
            try await store.settle()
            let held = try await store.holdingTransaction { try await rate(store, name, for: time) }
            return BenchFigure(
                "a transaction held for \(time.components.seconds) s, last tenth",
                held,
                unit: "jobs/s",
                against: .floor(free),
                target: ">= 0.5 x"
            )
        }
    }

    /// Keeps the queue full for that long, and counts the claims in the last tenth of the whole measurement.
    private func rate(_ store: Store, _ name: String, for time: Duration) async throws -> Double {
        let run = BenchJobs()
        let workers = BenchWorkers(configuration: server.configuration(of: name), count: 1, concurrency: concurrency)
        let claimed = Atomic(0)
        return try await workers.run(run, onClaim: { claimed.add($0.count, ordering: .relaxed) }) {
            let end = ContinuousClock.now + time
            var enqueued = 0
            var late: (began: ContinuousClock.Instant, claimed: Int)?
            while ContinuousClock.now < end {
                let count = claimed.load(ordering: .relaxed)
                if late == nil, ContinuousClock.now >= end - self.time / 10 { late = (.now, count) }
                if enqueued - count < jobs {
                    try await store.enqueueNoOps(jobs, run)
                    enqueued += jobs
                } else {
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            guard let late else { return 0 }
            return Double(claimed.load(ordering: .relaxed) - late.claimed) / late.began.seconds
        }
    }
}
