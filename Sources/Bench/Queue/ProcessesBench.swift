// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Store

/// Worker processes that empty one queue together: what a fleet makes of a machine and its server.
struct ProcessesBench {
    let server: BenchServer
    let name: String
    let worker: ChildWorker
    let jobs: Int
    /// The slots of each worker.
    let concurrency: Int
    let rounds: Int

    /// How many processes there are in the runs that are compared with a single one.
    private static let counts = [2, 4]

    /// Jobs a second, of one process and of several; and jobs that were not executed exactly once.
    func figures() async throws -> (figures: [BenchFigure], notOnce: Int) {
        let counts = [1] + Self.counts
        var runs: [Int: [BenchJobs.Result]] = [:]
        for _ in 0..<rounds {
            // The runs alternate, so that other load on the machine affects all alike.
            for count in counts { runs[count, default: []].append(try await drain(count)) }
        }
        func rate(_ count: Int) throws -> Double { try Percentiles(of: (runs[count] ?? []).map(\.rate)).p50 }
        let one = try rate(1)
        let figures = try Self.counts.map {
            BenchFigure("\($0) processes", try rate($0), unit: "jobs/s", against: .floor(one), target: ">= 1 x")
        }
        let notOnce = runs.values.joined().map(\.notOnce).reduce(0, +)
        return ([BenchFigure("1 process", one, unit: "jobs/s")] + figures, notOnce)
    }

    /// Fills the queue once all processes wait for jobs.
    private func drain(_ processes: Int) async throws -> BenchJobs.Result {
        try await BenchArea.temporary { area in
            try await server.connect(to: name) { store in
                let run = BenchJobs()
                try await store.settle()
                let result = try await beside(processes, of: run, in: area) {
                    _ = try await store.first("a worker's registration") { store in
                        try await store.workers(of: run) == processes ? true : nil
                    }
                    try await store.enqueueNoOps(jobs, run)
                    _ = try await store.first("the end of the jobs") { try await $0.hasUnfinished(run) ? nil : true }
                    return try await store.result(of: run)
                }
                try await store.remove(run)
                return result
            }
        }
    }

    private func beside<Result: Sendable>(
        _ processes: Int,
        of run: BenchJobs,
        in area: BenchArea,
        _ body: () async throws -> Result
    ) async throws -> Result {
        guard processes > 0 else { return try await body() }
        let settings = [
            "STOKER_WORKER_TAGS": run.tags, "STOKER_WORKER_CONCURRENCY": "\(concurrency)",
            "STOKER_WORKER_NAME": "bench-\(processes)",
        ]
        return try await worker.run(server.configuration(of: name), in: area, settings: settings) { _ in
            try await beside(processes - 1, of: run, in: area, body)
        }
    }
}

extension Store {
    /// How many workers take the run's jobs.
    fileprivate func workers(of run: BenchJobs) async throws -> Int {
        try await bench("SELECT count(*) FROM workers WHERE state = 'active' AND tags = \(run.json)").only()
            .decode(Int.self)
    }
}
