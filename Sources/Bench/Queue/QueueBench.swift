// SPDX-License-Identifier: Apache-2.0

import Domain
import Store
import Synchronization

/// How fast this server and machine move jobs from enqueued to done, compared with the simplest queue.
package struct QueueBench: Benchmark {
    package static let name = "queue"
    /// The jobs of each throughput run.
    let jobs: Int
    /// The slots of a worker.
    let concurrency: Int
    /// The competing workers of one of the runs.
    let workers: Int
    /// The finished jobs in the table of one of the runs.
    let finished: Int
    /// How often each run is made; the median counts.
    let rounds: Int
    /// How long a transaction is held open beside a full queue; `nil`: not at all.
    let held: Duration?

    package init(jobs: Int, concurrency: Int, workers: Int, finished: Int, rounds: Int, held: Duration?) {
        self.jobs = jobs
        self.concurrency = concurrency
        self.workers = workers
        self.finished = finished
        self.rounds = rounds
        self.held = held
    }

    /// Clients of the floor, each of which claims one job and completes it with plain statements.
    private static let floorClients = 8
    private static let floorJobs = 5_000

    package func figures(on server: BenchServer) async throws -> [BenchFigure] {
        let alone = try await server.makeDatabase()
        try server.note("Enqueuing jobs on an idle queue, one by one ...")
        let idle = try await IdleQueueBench(server: server, name: alone, concurrency: concurrency).figures()
        let crowded = try await server.makeDatabase(copying: alone)
        try server.note("Adding \(finished) finished jobs ...")
        try await server.connect(to: crowded) { try await $0.addFinished(finished) }
        var runs = Runs()
        for round in 1...rounds {
            try server.note("Emptying full queues, \(round) of \(rounds) ...")
            // The runs alternate, so that other load on the machine affects all alike.
            runs.floors.append(try await floor(server, alone))
            runs.alone.append(try await drain(server, alone))
            runs.competing.append(try await drain(server, alone, workers: workers))
            runs.crowded.append(try await drain(server, crowded))
            runs.held.append(try await drain(server, alone, holding: true))
        }
        var figures = try figures(runs)
        if let held {
            try server.note("Holding a transaction open for \(held.components.seconds) seconds ...")
            let bench = HeldTransactionBench(server: server, jobs: jobs, concurrency: concurrency, time: held)
            figures.append(try await bench.figure())
        }
        return figures + idle
    }

    private struct Runs {
        var floors: [Double] = []
        var alone: [BenchJobs.Result] = []
        var competing: [BenchJobs.Result] = []
        var crowded: [BenchJobs.Result] = []
        var held: [BenchJobs.Result] = []

        var all: [BenchJobs.Result] { alone + competing + crowded + held }
    }

    private func figures(_ runs: Runs) throws -> [BenchFigure] {
        func median(_ rates: [Double]) throws -> Double { try Percentiles(of: rates).p50 }
        let alone = try median(runs.alone.map(\.rate))
        func beside(_ name: String, _ rates: [Double], target: String) throws -> BenchFigure {
            BenchFigure(name, try median(rates), unit: "jobs/s", against: .floor(alone), target: target)
        }
        return [
            BenchFigure(
                "throughput",
                alone,
                unit: "jobs/s",
                against: .floor(try median(runs.floors)),
                target: ">= 8 x"
            ),
            try beside("beside \(finished) finished jobs", runs.crowded.map(\.rate), target: ">= 0.9 x"),
            try beside("\(workers) workers together", runs.competing.map(\.rate), target: ">= 0.9 x"),
            try beside("a transaction held open, last quarter", runs.held.map(\.lateRate), target: ">= 0.5 x"),
            BenchFigure("executed other than once", Double(runs.all.map(\.notOnce).reduce(0, +)), unit: "jobs"),
        ]
    }

    /// Jobs per second of clients that claim and complete one job at a time, two commits each.
    private func floor(_ server: BenchServer, _ name: String) async throws -> Double {
        try await server.connect(to: name, sessions: Self.floorClients) { store in
            let run = BenchJobs()
            let count = min(jobs, Self.floorJobs)
            try await store.enqueueNoOps(count, run)
            try await store.settle()
            let began = ContinuousClock.now
            try await withThrowingDiscardingTaskGroup { group in
                for _ in 0..<Self.floorClients {
                    group.addTask {
                        while let job = try await store.claimPlainly(run) { try await store.completePlainly(job) }
                    }
                }
            }
            let seconds = began.seconds
            try await store.remove(run)
            return Double(count) / seconds
        }
    }

    /// Workers empty a queue that was filled before they started.
    private func drain(
        _ server: BenchServer,
        _ name: String,
        workers: Int = 1,
        holding: Bool = false
    ) async throws -> BenchJobs.Result {
        try await server.connect(to: name, sessions: 2) { store in
            let run = BenchJobs()
            try await store.enqueueNoOps(jobs, run)
            try await store.settle()
            let benchWorkers = BenchWorkers(
                configuration: server.configuration(of: name),
                count: workers,
                concurrency: concurrency
            )
            // Counted here, so that the server is not queried while it works.
            let claimed = Atomic(0)
            let drain = {
                try await benchWorkers.run(run, onClaim: { claimed.add($0.count, ordering: .relaxed) }) {
                    while claimed.load(ordering: .relaxed) < jobs { try await Task.sleep(for: .milliseconds(20)) }
                    while try await store.hasUnfinished(run) { try await Task.sleep(for: .milliseconds(20)) }
                }
            }
            if holding { try await store.holdingTransaction(drain) } else { try await drain() }
            let result = try await store.result(of: run)
            try await store.remove(run)
            try await store.settle()
            return result
        }
    }
}
