// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgresClient
import ServiceLifecycle
import Store
import Worker

/// How fast this database and machine move jobs from being enqueued to being done, beside the plainest queue there is.
struct QueueBench {
    let address: DatabaseAddress
    /// Jobs of the throughput run.
    let jobs: Int
    /// Slots of the worker: how many jobs it takes at once.
    let concurrency: Int

    /// Clients of the floor, each of which claims one job and completes it by plain statements.
    private static let floorClients = 8
    /// Jobs of the latency run, one after the other on an idle queue.
    private static let latencyJobs = 400

    func figures() async throws -> [BenchFigure] {
        let logger = Logger(label: "stoker.bench", factory: { _ in SwiftLogNoOpLogHandler() })
        let pool = PostgresPool(address.configuration, size: Self.floorClients, logger: logger)
        do {
            let store = Store(pool: pool)
            // First, while the table holds no rows that the other runs have left to vacuum.
            let latency = try await latency(store, logger)
            let floor = try await floor(store)
            let drained = try await drain(store, logger)
            await pool.close()
            return [
                BenchFigure(
                    "throughput",
                    Double(drained.ended) / max(drained.seconds, .ulpOfOne),
                    unit: "jobs/s",
                    against: .init(kind: .floor, value: floor)
                ),
                BenchFigure("executed other than once", Double(drained.notOnce), unit: "jobs"),
                BenchFigure("wait in the backlog", .init(drained.waited), unit: "ms"),
                BenchFigure("latency, idle", latency, unit: "ms"),
            ]
        } catch {
            await pool.close()
            throw error
        }
    }

    /// Jobs per second of eight clients that claim and complete one job at a time, two commits each.
    private func floor(_ store: Store) async throws -> Double {
        let run = BenchJobs()
        let count = min(jobs, 5000)
        try await store.enqueueNoOps(count, run)
        let began = ContinuousClock.now
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<Self.floorClients {
                group.addTask { while try await store.claimAndCompleteOne(run) {} }
            }
        }
        let seconds = began.duration(to: .now) / .seconds(1)
        try await store.removeBench(run)
        return Double(count) / max(seconds, .ulpOfOne)
    }

    /// One worker empties a queue that was filled before it started.
    private func drain(_ store: Store, _ logger: Logger) async throws -> BenchResult {
        let run = BenchJobs()
        try await store.enqueueNoOps(jobs, run)
        return try await withWorker(for: run, store, logger) {
            while try await store.hasUnfinished(run) { try await Task.sleep(for: .milliseconds(50)) }
            let result = try await store.benchResult(run)
            try await store.removeBench(run)
            return result
        }
    }

    /// From before the statement that enqueues a job to after the claim's commit, by this process's monotonic clock.
    private func latency(_ store: Store, _ logger: Logger) async throws -> BenchFigure.Percentiles {
        let run = BenchJobs()
        let claims = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
        let waits = try await withWorker(for: run, store, logger, onClaim: { _ in claims.continuation.yield(.now) }) {
            var claimed = claims.stream.makeAsyncIterator()
            var waits: [Double] = []
            for _ in 0..<Self.latencyJobs {
                let began = ContinuousClock.now
                _ = try await store.enqueueNoOp(run)
                guard let end = await claimed.next() else { break }
                waits.append(began.duration(to: end) / .milliseconds(1))
                // The queue is idle again before the next.
                try await Task.sleep(for: .milliseconds(20))
            }
            try await store.removeBench(run)
            return waits
        }
        guard let percentiles = BenchFigure.Percentiles(of: waits) else {
            throw CommandError(.failure, "No job of the latency run was claimed")
        }
        return percentiles
    }

    /// Runs the body beside a worker that takes the run's jobs alone.
    private func withWorker<Result: Sendable>(
        for run: BenchJobs,
        _ store: Store,
        _ logger: Logger,
        onClaim: @escaping @Sendable ([ClaimedJob]) -> Void = { _ in },
        _ body: () async throws -> Result
    ) async throws -> Result {
        let services = JobServices(
            store: store,
            configuration: WorkerConfiguration(
                registration: WorkerRegistration(
                    name: "bench",
                    hostname: "",
                    version: BuildInfo.version,
                    tags: run.tags,
                    capacity: concurrency,
                    leaseDuration: .seconds(60)
                )
            ),
            listener: PostgresListener(
                configuration: address.directConfiguration,
                channels: WakeUps.channels,
                logger: logger
            ),
            executor: Executor(store: store, provisioners: [:], logger: logger),
            logger: logger,
            onClaim: onClaim
        )
        try await services.enter()
        let group = ServiceGroup(
            configuration: .init(services: services.services.map { .init(service: $0) }, logger: logger)
        )
        async let running: Void = group.run()
        do {
            let result = try await body()
            await group.triggerGracefulShutdown()
            try await running
            return result
        } catch {
            await group.triggerGracefulShutdown()
            try await running
            throw error
        }
    }
}

extension BenchFigure.Percentiles {
    fileprivate init(_ waited: BenchResult.Percentiles) {
        self.init(p50: waited.p50, p95: waited.p95, p99: waited.p99)
    }
}
