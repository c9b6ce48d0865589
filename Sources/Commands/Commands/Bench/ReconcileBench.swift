// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgresClient
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

    /// Passes without work of which the median is taken.
    private static let quietPasses = 30

    func figures() async throws -> [BenchFigure] {
        try await GlobalOptions.withStore(address, requiringSchema: false) { server in
            let database = try await server.createScratchDatabase()
            do {
                var configuration = address.directConfiguration
                configuration.database = database
                let figures = try await measure(on: configuration)
                try await server.dropScratchDatabase(database)
                return figures
            } catch {
                try await server.dropScratchDatabase(database)
                throw error
            }
        }
    }

    private func measure(on configuration: PostgresConfiguration) async throws -> [BenchFigure] {
        let logger = Logger(label: "stoker.bench", factory: { _ in SwiftLogNoOpLogHandler() })
        let pool = PostgresPool(configuration, size: 1, logger: logger)
        do {
            let figures = try await measure(Store(pool: pool))
            await pool.close()
            return figures
        } catch {
            await pool.close()
            throw error
        }
    }

    private func measure(_ store: Store) async throws -> [BenchFigure] {
        _ = try await store.migrate()
        try await store.addBenchPresets(presets, desired: max(prebuilds / presets, 1))
        let (fill, bare) = try await fill(store)
        try await store.finishBenchPrebuilds()
        try await store.settleBench()
        let alone = try await quietPasses(store, "alone")
        try note("Adding \(history) claimed and deleted workspaces ...")
        try await store.addBenchHistory(history)
        let beside = try await quietPasses(store, "beside them")
        return [
            BenchFigure(
                "fill \(prebuilds) prebuilds of \(presets) presets",
                fill.p50,
                unit: "ms",
                against: .init(kind: .floor, value: bare.p50),
                target: "<= 2 x"
            ),
            BenchFigure("prebuilds created", Double(prebuilds) / fill.p50 * 1_000, unit: "/s"),
            BenchFigure("a pass with nothing to do", alone, unit: "ms"),
            BenchFigure("the same beside \(history) workspaces of the past", beside, unit: "ms"),
            BenchFigure(
                "a pass with nothing to do, beside the past",
                beside.p50,
                unit: "ms",
                against: .init(kind: .floor, value: alone.p50),
                target: "<= 250 ms, <= 1.3 x"
            ),
        ]
    }

    /// Fills the pools again and again, and inserts the same rows by themselves in between.
    private func fill(_ store: Store) async throws -> (BenchFigure.Percentiles, BenchFigure.Percentiles) {
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
        guard let fill = BenchFigure.Percentiles(of: passes), let bare = BenchFigure.Percentiles(of: inserts) else {
            throw CommandError("nothing was measured", remedy: "Let --rounds be at least 1.")
        }
        return (fill, bare)
    }

    private static let incomplete = CommandError("a pass created fewer prebuilds than are missing")

    private func quietPasses(_ store: Store, _ circumstances: String) async throws -> BenchFigure.Percentiles {
        try note("Making passes with nothing to do, \(circumstances) ...")
        let memory = PlanMemory()
        // Prepares statements, and records what is new to this memory.
        for _ in 0..<2 { _ = try await pass(store, memory) }
        var times: [Double] = []
        for _ in 0..<Self.quietPasses {
            let quiet = try await time { try await pass(store, memory) }
            guard quiet.result == AppliedPlan() else { throw CommandError("a pass found something to do") }
            times.append(quiet.milliseconds)
        }
        guard let spread = BenchFigure.Percentiles(of: times) else { throw CommandError("nothing was measured") }
        return spread
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
