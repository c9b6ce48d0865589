// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Prebuilds
import Store
import Telemetry
import Templates

/// Measures the operations on a filled database, one after the other, each alone.
struct ScaleRun {
    let store: Store
    let samples: Int
    /// How many workspaces retention removes at once.
    let batch: Int

    /// The first runs of each operation prepare statements and load pages.
    static let warmUps = 3

    /// In the order of the report. Claims come last, because they change the pools.
    func costs() async throws -> [ScaleCost] {
        let memory = PlanMemory()
        let worker = try await register()
        let marks = try await store.jobs(limit: 200).last.map { PageMark<Kind.Job>(createdAt: $0.createdAt, id: $0.id) }
        let reads = [
            try await cost("a pass with nothing to do") { _ = try await store.benchPass(memory) },
            try await cost("the first page of workspaces") { _ = try await store.workspaces(limit: 50) },
            try await cost("the first page of jobs") { _ = try await store.jobs(limit: 50) },
            try await cost("a later page of jobs") { _ = try await store.jobs(after: marks, limit: 50) },
            try await cost("the figures of a scrape") { try await scrape(worker) },
            try await cost("retention without anything old") { try await prune(olderThan: .seconds(1 << 32)) },
            try await cost("retention of \(batch) workspaces") {
                let removed = try await store.prune(.workspaces, olderThan: .seconds(86_400), batch: batch)
                guard removed == batch else { throw BenchError("retention found \(removed ?? 0) workspaces") }
            },
        ]
        return reads + (try await claims())
    }

    /// A claim, and the pass for its pool alone, which orders the next prebuild.
    private func claims() async throws -> [ScaleCost] {
        let presets = try await store.benchPresets()
        let ids = try await store.presets().map(\.id)
        let memory = PlanMemory()
        var (claims, refills): ([Double], [Double]) = ([], [])
        for number in -Self.warmUps..<samples {
            let index = (number + Self.warmUps) % presets.count
            var began = ContinuousClock.now
            let claim = try await store.claim(presets[index].request("scale-\(number + Self.warmUps)"))
            let claimed = began.milliseconds
            guard claim.outcome == .hit else { throw BenchError("a claim found no prebuild: \(claim.outcome)") }
            began = .now
            guard try await store.benchPass(memory, of: [ids[index]]).createdTotal == 1 else {
                throw BenchError("a claim was not followed by a refill")
            }
            guard number >= 0 else { continue }
            claims.append(claimed)
            refills.append(began.milliseconds)
        }
        return [
            ScaleCost(name: "a claim", times: try Percentiles(of: claims)),
            ScaleCost(name: "the pass that refills its pool", times: try Percentiles(of: refills)),
        ]
    }

    private func cost(_ name: String, _ operation: () async throws -> Void) async throws -> ScaleCost {
        var times: [Double] = []
        for number in -Self.warmUps..<samples {
            let began = ContinuousClock.now
            try await operation()
            if number >= 0 { times.append(began.milliseconds) }
        }
        return ScaleCost(name: name, times: try Percentiles(of: times))
    }

    /// The worker that publishes the fleet's figures.
    private func register() async throws -> WorkerID {
        let worker = WorkerRegistration(
            name: "bench",
            hostname: "bench",
            version: "bench",
            tags: "{}",
            capacity: 1,
            leaseDuration: .seconds(86_400)
        )
        try await store.register(worker)
        return worker.id
    }

    /// What a scrape of `/metrics` shows of the fleet, read anew.
    private func scrape(_ worker: WorkerID) async throws {
        let bounds = MetricCatalogue.claimDuration.upperBounds
        guard try await store.fleetFacts(for: worker, wasReporter: true) != nil,
            try await store.claimTotals(for: worker, bounds: bounds, wasReporter: true) != nil
        else { throw BenchError("another worker publishes the figures") }
    }

    private func prune(olderThan age: Duration) async throws {
        for kind in Prunable.allCases {
            guard try await store.prune(kind, olderThan: age) == 0 else { throw BenchError("there are old \(kind)") }
        }
    }
}
