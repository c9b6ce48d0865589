// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Store
import Worker

/// Workers in this process that take only the jobs of one measurement, each with its own sessions and listener.
struct BenchWorkers {
    let configuration: PostgresConfiguration
    let count: Int
    /// The slots of each.
    let concurrency: Int

    /// Performs the body beside the workers, and waits for their end.
    func run<Result>(
        _ run: BenchJobs,
        onClaim: @escaping @Sendable ([ClaimedJob]) -> Void,
        _ body: () async throws -> Result
    ) async throws -> Result {
        let pools = (0..<count).map { _ in PostgresPool(configuration, size: 2, logger: silence) }
        let workers = pools.map { worker(on: Store(pool: $0), run, onClaim) }
        do {
            for worker in workers { try await worker.enter() }
            let result = try await withServices(workers.flatMap(\.services), body)
            for pool in pools { await pool.close() }
            return result
        } catch {
            for pool in pools { await pool.close() }
            throw error
        }
    }

    private func worker(
        on store: Store,
        _ run: BenchJobs,
        _ onClaim: @escaping @Sendable ([ClaimedJob]) -> Void
    ) -> JobServices {
        JobServices(
            store: store,
            configuration: WorkerConfiguration(
                registration: WorkerRegistration(
                    name: "bench",
                    hostname: "",
                    version: "",
                    tags: run.tags,
                    capacity: concurrency,
                    leaseDuration: .seconds(60)
                )
            ),
            listener: PostgresListener(configuration: configuration, channels: WakeUps.channels, logger: silence),
            executor: Executor(store: store, provisioners: [:], logger: silence),
            logger: silence,
            onClaim: onClaim
        )
    }
}
