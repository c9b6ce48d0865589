// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgresClient
import ServiceLifecycle
import Store
import Worker

/// Workers that take the jobs of one measurement alone, each with sessions and a listener of its own, in this process.
struct BenchWorkers {
    let configuration: PostgresConfiguration
    let count: Int
    /// Slots of each.
    let concurrency: Int

    static let logger = Logger(label: "stoker.bench", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Runs the body beside the workers, and waits for their end.
    func run<Result: Sendable>(
        _ run: BenchJobs,
        onClaim: @escaping @Sendable ([ClaimedJob]) -> Void = { _ in },
        _ body: () async throws -> Result
    ) async throws -> Result {
        let pools = (0..<count).map { _ in PostgresPool(configuration, size: 2, logger: Self.logger) }
        let workers = pools.map { worker(on: Store(pool: $0), run, onClaim) }
        for worker in workers { try await worker.enter() }
        let group = ServiceGroup(
            configuration: .init(
                services: workers.flatMap(\.services).map { .init(service: $0) },
                logger: Self.logger
            )
        )
        let running = Task { try await group.run() }
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await group.triggerGracefulShutdown()
        let end = await running.result
        for pool in pools { await pool.close() }
        try end.get()
        return try result.get()
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
                    version: BuildInfo.version,
                    tags: run.tags,
                    capacity: concurrency,
                    leaseDuration: .seconds(60)
                )
            ),
            listener: PostgresListener(
                configuration: configuration,
                channels: WakeUps.channels,
                logger: Self.logger
            ),
            executor: Executor(store: store, provisioners: [:], logger: Self.logger),
            logger: Self.logger,
            onClaim: onClaim
        )
    }
}
