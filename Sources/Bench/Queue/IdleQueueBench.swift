// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Store

/// Measures the latency of a job on an idle queue beside the simplest statements, and the transactions of an idle
/// worker.
struct IdleQueueBench {
    let server: BenchServer
    let name: String
    let concurrency: Int

    /// The number of jobs of each measurement, one after the other.
    private static let jobs = 400
    private static let idleTime = Duration.seconds(20)
    /// An idle session reports its last transactions after ten seconds.
    private static let reportingTime = Duration.seconds(12)

    func figures() async throws -> [BenchFigure] {
        try await server.connect(to: name, sessions: 2) { store in
            try await store.settle()
            let floor = try await plain(store)
            try await store.settle()
            let (latency, rate) = try await worker(store)
            return [
                BenchFigure(
                    "latency, idle",
                    spread: latency,
                    unit: "ms",
                    against: .floor(floor.p50),
                    target: "p50 <= 2.5, p99 <= 6 ms"
                ),
                BenchFigure("latency of plain statements", spread: floor, unit: "ms"),
                BenchFigure("transactions of an idle worker", rate, unit: "/s", target: "<= 1 /s"),
            ]
        }
    }

    private func worker(_ store: Store) async throws -> (Percentiles, Double) {
        let run = BenchJobs()
        let claims = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
        let worker = BenchWorkers(configuration: server.configuration(of: name), count: 1, concurrency: concurrency)
        let figures = try await worker.run(run, onClaim: { _ in claims.continuation.yield(.now) }) {
            (try await latency(store, run, claims.stream), try await idleRate(store))
        }
        try await store.remove(run)
        return figures
    }

    /// A listening session, and another that takes one job at each notification.
    private func plain(_ store: Store) async throws -> Percentiles {
        let run = BenchJobs()
        let claims = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
        let listener = PostgresListener(
            configuration: server.configuration(of: name),
            channels: [Channel.jobs],
            logger: silence
        )
        let figures = try await withThrowingTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await listener.run() }
            var events = listener.events.makeAsyncIterator()
            // Waits until it listens.
            _ = await events.next()
            group.addTask {
                // Whatever ends this, no waiter shall stay.
                defer { claims.continuation.finish() }
                for await event in listener.events {
                    guard case .notification = event, let job = try await store.claimPlainly(run) else { continue }
                    claims.continuation.yield(.now)
                    try await store.completePlainly(job)
                }
            }
            return try await latency(store, run, claims.stream)
        }
        try await store.remove(run)
        return figures
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

    private func idleRate(_ store: Store) async throws -> Double {
        try await Task.sleep(for: Self.reportingTime)
        let before = try await store.transactionCount()
        try await Task.sleep(for: Self.idleTime)
        // Minus the transaction of the previous query.
        let count = try await store.transactionCount() - before - 1
        return Double(max(count, 0)) / (Self.idleTime / .seconds(1))
    }
}
