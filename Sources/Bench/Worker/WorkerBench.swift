// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Store
import Supervision
import Time

/// What a worker process costs: to start, and while there is nothing to do.
package struct WorkerBench: Benchmark {
    package static let name = "worker"
    let worker: ChildWorker
    /// How often it is started.
    let starts: Int
    /// How long it is watched.
    let idle: Duration

    package init(worker: ChildWorker, starts: Int, idle: Duration) {
        self.worker = worker
        self.starts = starts
        self.idle = idle
    }

    /// Idle sessions report their last transactions after ten seconds.
    private static let reportingTime = Duration.seconds(15)

    package func figures(on server: BenchServer) async throws -> [BenchFigure] {
        let name = try await server.makeDatabase()
        return try await BenchArea.temporary { area in
            try await server.connect(to: name) { store in
                try server.note("Starting a worker, \(starts) times ...")
                var times: [Double] = []
                for _ in 0..<starts { times.append(try await start(server.configuration(of: name), area, store)) }
                try server.note("Watching an idle worker for \(idle.components.seconds) seconds ...")
                return [
                    BenchFigure(
                        "exec to the first claim",
                        spread: try Percentiles(of: times),
                        unit: "ms",
                        target: "<= 300 ms"
                    )
                ] + (try await rest(server.configuration(of: name), area, store))
            }
        }
    }

    /// Milliseconds from before a worker's start to the claim of a job that waits already, by the database's clock.
    private func start(_ configuration: PostgresConfiguration, _ area: BenchArea, _ store: Store) async throws -> Double
    {
        let run = BenchJobs()
        try await store.enqueueNoOp(run)
        let began = try await store.now()
        let started = try await worker.run(configuration, in: area, settings: ["STOKER_WORKER_TAGS": run.tags]) { _ in
            try await store.first("the first claim of a worker") { try await $0.firstStart(of: run) }
        }
        try await store.remove(run)
        return (started - began) / .milliseconds(1)
    }

    private func rest(
        _ configuration: PostgresConfiguration,
        _ area: BenchArea,
        _ store: Store
    ) async throws -> [BenchFigure] {
        try await worker.run(configuration, in: area) { pid in
            try await Task.sleep(for: Self.reportingTime)
            let before = (ProcessUsage.now(of: pid), try await store.transactionCount())
            let began = ContinuousClock.now
            try await Task.sleep(for: idle)
            let seconds = began.seconds
            // Minus the transaction of the previous query.
            let transactions = try await store.transactionCount() - before.1 - 1
            guard let usage = ProcessUsage.now(of: pid), let earlier = before.0 else {
                throw BenchError("the worker has ended")
            }
            return [
                BenchFigure(
                    "idle, resident",
                    Double(usage.residentBytes) / 1_048_576,
                    unit: "MiB",
                    target: "<= 40 MiB"
                ),
                BenchFigure(
                    "idle, share of a core",
                    (usage.cpuSeconds - earlier.cpuSeconds) / seconds * 100,
                    unit: "%",
                    target: "<= 0.5 %"
                ),
                BenchFigure(
                    "idle, transactions",
                    Double(max(transactions, 0)) / seconds,
                    unit: "/s",
                    target: "<= 1 /s"
                ),
            ]
        }
    }
}
