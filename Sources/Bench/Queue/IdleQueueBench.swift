// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Store

/// Measures the latency of a job on an idle queue, beside plain statements by pgbench.
struct IdleQueueBench {
    let meter: FloorMeter
    let name: String
    let concurrency: Int

    /// The number of jobs of each measurement, one after the other.
    private static let jobs = 400

    private var server: BenchServer { meter.server }

    func figures() async throws -> [BenchFigure] {
        try await server.connect(to: name, sessions: 2) { store in
            try await store.settle()
            let (latency, floors) = try await meter.around(.idleQueue(jobs: Self.jobs)) {
                try await worker(store)
            }
            return [
                BenchFigure(
                    "latency, idle",
                    spread: latency,
                    unit: "ms",
                    against: floors.reference(.floor, \.times.p50),
                    target: "<= 1.15 x"
                ),
                BenchFigure(
                    "p99 of the latency, idle",
                    latency.p99,
                    unit: "ms",
                    against: floors.reference(.floor, \.times.p99),
                    target: "<= 1.3 x"
                ),
            ]
        }
    }

    private func worker(_ store: Store) async throws -> Percentiles {
        let run = BenchJobs()
        let claims = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
        let worker = BenchWorkers(configuration: server.configuration(of: name), count: 1, concurrency: concurrency)
        let waits = try await worker.run(run, onClaim: { _ in claims.continuation.yield(.now) }) {
            try await latency(store, run, claims.stream)
        }
        try await store.remove(run)
        return waits
    }

    /// From before the statement that enqueues a job to after the claim's commit, by this process's monotonic clock.
    private func latency(
        _ store: Store,
        _ run: BenchJobs,
        _ claims: AsyncStream<ContinuousClock.Instant>
    ) async throws -> Percentiles {
        var claimed = claims.makeAsyncIterator()
        var waits: [Double] = []
        for _ in 0..<Self.jobs {
            let began = ContinuousClock.now
            try await store.enqueueNoOp(run)
            guard let end = await claimed.next() else { break }
            waits.append(began.duration(to: end) / .milliseconds(1))
            // The queue is idle again before the next one.
            try await Task.sleep(for: .milliseconds(20))
        }
        return try Percentiles(of: waits)
    }
}
