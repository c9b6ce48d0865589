// SPDX-License-Identifier: Apache-2.0

import Domain
import Store
import Synchronization

/// How fast this server and machine move jobs from enqueued to done, beside queues of plain SQL by pgbench.
package struct QueueBench: Benchmark {
    package static let name = "queue"
    let worker: ChildWorker
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

    package init(
        worker: ChildWorker,
        jobs: Int,
        concurrency: Int,
        workers: Int,
        finished: Int,
        rounds: Int,
        held: Duration?
    ) {
        self.worker = worker
        self.jobs = jobs
        self.concurrency = concurrency
        self.workers = workers
        self.finished = finished
        self.rounds = rounds
        self.held = held
    }

    /// Clients of the floors.
    private static let clients = 8
    /// Jobs of a floor with two commits a job, and of one with two commits a batch.
    private static let (floorJobs, batchedJobs) = (5_000, 40_000)
    /// The jobs that are enqueued one by one.
    private static let enqueued = 5_000

    private static let floors: [Floor] = [
        .claimOne(jobs: floorJobs, clients: clients),
        .claimBatch(jobs: batchedJobs, clients: 1),
        .claimBatch(jobs: batchedJobs, clients: clients),
    ]

    package func figures(on server: BenchServer) async throws -> [BenchFigure] {
        let meter = try await FloorMeter(server)
        let alone = try await server.makeDatabase()
        try server.note("Enqueuing jobs on an idle queue, one by one ...")
        let idle = try await IdleQueueBench(meter: meter, name: alone, concurrency: concurrency).figures()
        let crowded = try await server.makeDatabase(copying: alone)
        try server.note("Adding \(finished) finished jobs ...")
        try await server.connect(to: crowded) { try await $0.addFinished(finished) }
        var runs = Runs(floors: Self.floors.map { FloorRuns($0) })
        for round in 1...rounds {
            try server.note("Emptying full queues, \(round) of \(rounds) ...")
            // The runs alternate, so that other load on the machine affects all alike.
            runs.alone.append(try await meter.around(&runs.floors) { try await drain(server, alone) })
            runs.competing.append(try await drain(server, alone, workers: workers))
            runs.crowded.append(try await drain(server, crowded))
            runs.held.append(try await drain(server, alone, holding: true))
        }
        try server.note("Emptying full queues with several processes ...")
        let processes = try await ProcessesBench(
            server: server,
            name: alone,
            worker: worker,
            jobs: jobs,
            concurrency: concurrency,
            rounds: rounds
        ).figures()
        var figures = try figures(runs, notOnce: processes.notOnce) + processes.figures
        try server.note("Enqueuing with \(Self.clients) clients ...")
        figures.append(try await enqueuing(meter, alone))
        if let held {
            try server.note("Holding a transaction open for \(held.components.seconds) seconds ...")
            let bench = HeldTransactionBench(server: server, jobs: jobs, concurrency: concurrency, time: held)
            figures.append(try await bench.figure())
        }
        return figures + idle
    }

    private struct Runs {
        var floors: [FloorRuns]
        var alone: [BenchJobs.Result] = []
        var competing: [BenchJobs.Result] = []
        var crowded: [BenchJobs.Result] = []
        var held: [BenchJobs.Result] = []

        var all: [BenchJobs.Result] { alone + competing + crowded + held }
    }

    /// - Parameter notOnce: Jobs of other runs that were not executed exactly once.
    private func figures(_ runs: Runs, notOnce: Int) throws -> [BenchFigure] {
        func median(_ rates: [Double]) throws -> Double { try Percentiles(of: rates).p50 }
        let alone = try median(runs.alone.map(\.rate))
        func beside(_ name: String, _ rates: [Double], target: String) throws -> BenchFigure {
            BenchFigure(name, try median(rates), unit: "jobs/s", against: .floor(alone), target: target)
        }
        /// A floor's transactions have as many jobs each.
        func throughput(
            _ name: String,
            _ floor: FloorRuns,
            of jobs: Int,
            _ kind: BenchFigure.Reference.Kind,
            target: String?
        ) -> BenchFigure {
            let reference = floor.reference(kind) { $0.rate * Double(jobs) }
            return BenchFigure(name, alone, unit: "jobs/s", against: reference, target: target)
        }
        let (floors, batch) = (runs.floors, FloorScript.batch)
        return [
            throughput("throughput", floors[0], of: 1, .floor, target: ">= 8 x"),
            throughput("throughput, beside batches of one client", floors[1], of: batch, .ceiling, target: nil),
            throughput("throughput, beside batches", floors[2], of: batch, .ceiling, target: ">= 0.6 x"),
            try beside("beside \(finished) finished jobs", runs.crowded.map(\.rate), target: ">= 0.9 x"),
            try beside("\(workers) workers together", runs.competing.map(\.rate), target: ">= 0.9 x"),
            try beside("a transaction held open, last quarter", runs.held.map(\.lateRate), target: ">= 0.5 x"),
            BenchFigure("executed other than once", Double(runs.all.map(\.notOnce).reduce(notOnce, +)), unit: "jobs"),
        ]
    }

    /// Jobs a second that clients enqueue as producers do, one a commit.
    private func enqueuing(_ meter: FloorMeter, _ name: String) async throws -> BenchFigure {
        let floor = Floor.enqueueOne(jobs: Self.enqueued, clients: Self.clients)
        let (rate, floors) = try await meter.around(floor) {
            try await meter.server.connect(to: name, sessions: Self.clients) { store in
                let run = BenchJobs()
                let began = ContinuousClock.now
                try await withThrowingDiscardingTaskGroup { group in
                    for _ in 0..<Self.clients {
                        group.addTask {
                            for _ in 0..<(Self.enqueued / Self.clients) { try await store.enqueueNoOp(run) }
                        }
                    }
                }
                let rate = Double(Self.enqueued) / began.seconds
                try await store.remove(run)
                return rate
            }
        }
        return BenchFigure(
            "enqueue, \(Self.clients) clients",
            rate,
            unit: "jobs/s",
            against: floors.reference(.ceiling, \.rate)
        )
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
