// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import Store

/// How fast the reconciler fills pools, beside the bare cost of the rows, and what a pass costs that finds nothing to do,
/// beside years of claimed and deleted workspaces. In a database of its own, which it drops.
struct ReconcileBench {
    let address: DatabaseAddress
    let presets: Int
    let prebuilds: Int
    /// Workspaces that were claimed or deleted, beside the pools.
    let history: Int
    /// How often the pools are filled.
    let rounds: Int
    /// Told of what is being done.
    let note: (String) throws -> Void

    /// Passes without work of which the median is taken, in each of the two databases.
    private static let quietPasses = 50

    /// Claims whose refill is waited for.
    private static let claims = 201

    private typealias Spread = BenchFigure.Percentiles

    func figures() async throws -> [BenchFigure] {
        try await ScratchDatabases.using(address) { databases in
            let alone = try await databases.make()
            let filling = try await fillings(databases, alone)
            let beside = try await databases.make(copying: alone)
            let (quiet, past) = try await quietPasses(databases, alone, beside)
            try note("Claiming, and waiting for the refill ...")
            let refill = RefillBench(
                databases: databases,
                database: alone,
                presets: presets,
                claims: min(Self.claims, prebuilds / 2 + 1)
            )
            return try await filling + [
                BenchFigure("a pass with nothing to do", quiet, unit: "ms", target: "<= 250 ms"),
                BenchFigure("the same beside \(history) workspaces of the past", past, unit: "ms"),
                BenchFigure(
                    "a pass with nothing to do, beside the past",
                    past.p50,
                    unit: "ms",
                    against: .init(kind: .floor, value: quiet.p50),
                    target: "<= 250 ms, <= 1.3 x"
                ),
                BenchFigure(
                    "from a claim to the job that refills",
                    refill.waits(),
                    unit: "ms",
                    target: "p95 <= 100 ms"
                ),
            ]
        }
    }

    /// Leaves the database with full pools.
    private func fillings(_ databases: ScratchDatabases, _ name: String) async throws -> [BenchFigure] {
        try await databases.connect(to: name) { store in
            try await store.addBenchPresets(presets, desired: prebuilds / presets)
            let (fill, bare) = try await fill(store)
            try await store.finishBenchPrebuilds()
            try await store.settleBench()
            return [
                BenchFigure(
                    "fill \(prebuilds) prebuilds of \(presets) presets",
                    fill.p50,
                    unit: "ms",
                    against: .init(kind: .floor, value: bare.p50),
                    target: "<= 2 x"
                ),
                BenchFigure("prebuilds created", Double(prebuilds) / fill.p50 * 1_000, unit: "/s"),
            ]
        }
    }

    private func quietPasses(_ databases: ScratchDatabases, _ alone: String, _ beside: String) async throws -> (
        Spread, Spread
    ) {
        try await databases.connect(to: alone) { alone -> (Spread, Spread) in
            try await databases.connect(to: beside) { beside -> (Spread, Spread) in
                try note("Adding \(history) claimed and deleted workspaces ...")
                try await beside.addBenchHistory(history)
                try note("Making passes with nothing to do ...")
                return try await quietPasses(alone, beside)
            }
        }
    }

    /// Fills the pools again and again, and inserts the same rows by themselves in between.
    private func fill(_ store: Store) async throws -> (Spread, Spread) {
        var passes: [Double] = []
        var inserts: [Double] = []
        try note("Filling \(presets) pools ...")
        // The first is to warm up, and for its rows.
        guard try await pass(store).createdTotal == prebuilds else { throw Self.incomplete }
        let copy = try await store.copyBenchRows()
        for _ in 0..<rounds {
            try await store.removeBenchRows()
            inserts.append(try await time { try await store.insert(copy) }.milliseconds)
            try await store.removeBenchRows()
            let created = try await time { try await pass(store).createdTotal }
            guard created.result == prebuilds else { throw Self.incomplete }
            passes.append(created.milliseconds)
        }
        guard let fill = Spread(of: passes), let bare = Spread(of: inserts) else {
            throw CommandError("nothing was measured", remedy: "Let --rounds be at least 1.")
        }
        return (fill, bare)
    }

    private static let incomplete = CommandError("a pass created fewer prebuilds than are missing")

    /// Takes turns, so that whatever else the machine does falls on both alike.
    private func quietPasses(
        _ alone: Store,
        _ beside: Store
    ) async throws -> (Spread, Spread) {
        let memories = [PlanMemory(), PlanMemory()]
        var times: [[Double]] = [[], []]
        // The first prepare statements, bring pages in, and record what is new to the memories.
        for round in -3..<Self.quietPasses {
            for (index, store) in [alone, beside].enumerated() {
                let quiet = try await time { try await pass(store, memories[index]) }
                if round < 0 { continue }
                guard quiet.result == AppliedPlan() else { throw CommandError("a pass found something to do") }
                times[index].append(quiet.milliseconds)
            }
        }
        guard let quiet = Spread(of: times[0]), let past = Spread(of: times[1]) else {
            throw CommandError("nothing was measured")
        }
        return (quiet, past)
    }

    private func pass(_ store: Store, _ memory: PlanMemory = PlanMemory()) async throws -> AppliedPlan {
        let limits = PlanLimits()
        let result = try await store.reconcile(limits: limits, memory: memory) { snapshot, now in
            Plan(snapshot: snapshot, now: now, limits: limits)
        }
        guard case .done(_, let applied) = result else { throw CommandError("another process is in a pass") }
        guard applied.failures.isEmpty else { throw CommandError("presets could not be written") }
        return applied
    }

    private func time<Result>(_ body: () async throws -> Result) async throws -> (result: Result, milliseconds: Double)
    {
        let began = ContinuousClock.now
        let result = try await body()
        return (result, began.duration(to: .now) / .milliseconds(1))
    }
}
