// SPDX-License-Identifier: Apache-2.0

import Store
import Synchronization

/// How fast this server and machine move jobs from being enqueued to being done, beside the plainest queue there is. In
/// databases of its own, which it drops.
struct QueueBench {
    let address: DatabaseAddress
    /// Jobs of each throughput run.
    let jobs: Int
    /// Slots of a worker: how many jobs it takes at once.
    let concurrency: Int
    /// Workers that compete in one of the runs.
    let workers: Int
    /// Jobs that have ended before, in the table of one of the runs.
    let finished: Int
    /// How often each run is made; the median counts.
    let rounds: Int
    /// For how long a transaction is held open beside a queue that is kept full; `nil`: not at all.
    let held: Duration?
    /// Told of what is being done.
    let note: (String) throws -> Void

    /// Clients of the floor, each of which claims one job and completes it by plain statements.
    private static let floorClients = 8
    private static let floorJobs = 5_000

    func figures() async throws -> [BenchFigure] {
        try await ScratchDatabases.using(address) { databases in
            let alone = try await databases.make()
            try note("Enqueuing jobs on an idle queue, one by one ...")
            let idle = IdleQueueBench(databases: databases, name: alone, concurrency: concurrency)
            let idleFigures = try await idle.figures()
            let crowded = try await databases.make(copying: alone)
            try note("Adding \(finished) finished jobs ...")
            try await databases.connect(to: crowded) { try await $0.addBenchFinished(finished) }
            var runs = Runs()
            for round in 1...rounds {
                try note("Emptying full queues, \(round) of \(rounds) ...")
                // In turns, so that whatever else the machine does falls on all alike.
                runs.floors.append(try await floor(databases, alone))
                runs.alone.append(try await drain(databases, alone))
                runs.competing.append(try await drain(databases, alone, workers: workers))
                runs.crowded.append(try await drain(databases, crowded))
                runs.held.append(try await drain(databases, alone, holding: true))
            }
            var heldLong: [BenchFigure] = []
            if let held {
                try note("Holding a transaction open for \(held.components.seconds) seconds ...")
                let bench = HeldTransactionBench(databases: databases, jobs: jobs, concurrency: concurrency, time: held)
                heldLong.append(try await bench.figure())
            }
            return figures(runs) + heldLong + idleFigures
        }
    }

    private struct Runs {
        var floors: [Double] = []
        var alone: [BenchResult] = []
        var competing: [BenchResult] = []
        var crowded: [BenchResult] = []
        var held: [BenchResult] = []

        var all: [BenchResult] { alone + competing + crowded + held }
    }

    private func figures(_ runs: Runs) -> [BenchFigure] {
        let alone = runs.alone.map(\.rate).median
        func beside(_ name: String, _ rates: [Double], target: String) -> BenchFigure {
            BenchFigure(name, rates.median, unit: "jobs/s", against: .init(kind: .floor, value: alone), target: target)
        }
        return [
            BenchFigure(
                "throughput",
                alone,
                unit: "jobs/s",
                against: .init(kind: .floor, value: runs.floors.median),
                target: ">= 8 x"
            ),
            beside("beside \(finished) finished jobs", runs.crowded.map(\.rate), target: ">= 0.9 x"),
            beside("\(workers) workers together", runs.competing.map(\.rate), target: ">= 0.9 x"),
            beside("a transaction held open, last quarter", runs.held.map(\.lateRate), target: ">= 0.5 x"),
            BenchFigure("executed other than once", Double(runs.all.map(\.notOnce).reduce(0, +)), unit: "jobs"),
        ]
    }

    /// Jobs per second of eight clients that claim and complete one job at a time, two commits each.
    private func floor(_ databases: ScratchDatabases, _ name: String) async throws -> Double {
        try await databases.connect(to: name, sessions: Self.floorClients) { store in
            let run = BenchJobs()
            let count = min(jobs, Self.floorJobs)
            try await store.enqueueNoOps(count, run)
            try await store.settleBench()
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
    }

    /// Workers empty a queue that was filled before they started.
    private func drain(
        _ databases: ScratchDatabases,
        _ name: String,
        workers: Int = 1,
        holding: Bool = false
    ) async throws -> BenchResult {
        try await databases.connect(to: name, sessions: 2) { store in
            let run = BenchJobs()
            try await store.enqueueNoOps(jobs, run)
            try await store.settleBench()
            let benchWorkers = BenchWorkers(
                configuration: databases.configuration(of: name),
                count: workers,
                concurrency: concurrency
            )
            // Counted here, so that the server is not asked while it works.
            let claimed = Atomic(0)
            let drain = {
                try await benchWorkers.run(run, onClaim: { claimed.add($0.count, ordering: .relaxed) }) {
                    while claimed.load(ordering: .relaxed) < jobs { try await Task.sleep(for: .milliseconds(20)) }
                    while try await store.hasUnfinished(run) { try await Task.sleep(for: .milliseconds(20)) }
                }
            }
            if holding { try await store.holdingTransaction(drain) } else { try await drain() }
            let result = try await store.benchResult(run)
            try await store.removeBench(run)
            try await store.settleBench()
            return result
        }
    }
}

extension BenchResult {
    fileprivate var rate: Double { Double(ended) / max(seconds, .ulpOfOne) }
}

extension [Double] {
    fileprivate var median: Double { BenchFigure.Percentiles(of: self)?.p50 ?? 0 }
}
