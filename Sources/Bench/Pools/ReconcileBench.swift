// SPDX-License-Identifier: Apache-2.0

import Store

/// How fast the reconciler fills pools, compared with inserting the bare rows; and the cost of a pass without changes,
/// beside years of claimed and deleted workspaces.
package struct ReconcileBench: Benchmark {
    package static let name = "reconcile"
    let presets: Int
    let prebuilds: Int
    /// Claimed and deleted workspaces beside the pools.
    let history: Int
    /// How often the pools are filled.
    let rounds: Int

    package init(presets: Int, prebuilds: Int, history: Int, rounds: Int) {
        self.presets = presets
        self.prebuilds = prebuilds
        self.history = history
        self.rounds = rounds
    }

    /// The number of passes without work, in each of the two databases; the median counts.
    private static let quietPasses = 50

    /// The number of claims whose refill is measured.
    private static let claims = 201

    package func figures(on server: BenchServer) async throws -> [BenchFigure] {
        let alone = try await server.makeDatabase()
        let filling = try await fillings(server, alone)
        let beside = try await server.makeDatabase(copying: alone)
        let (quiet, past, plain) = try await quietPasses(server, alone, beside)
        try server.note("Claiming, and waiting for the refill ...")
        let refill = RefillBench(
            server: server,
            database: alone,
            presets: presets,
            claims: min(Self.claims, prebuilds / 2 + 1)
        )
        return try await filling + [
            BenchFigure("a pass with nothing to do", spread: quiet, unit: "ms", target: "<= 100 ms"),
            BenchFigure(
                "a pass with nothing to do, and a plain read of the same rows",
                quiet.p50,
                unit: "ms",
                against: .floor(plain.p50)
            ),
            BenchFigure("the same beside \(history) workspaces of the past", spread: past, unit: "ms"),
            BenchFigure(
                "a pass with nothing to do, beside the past",
                past.p50,
                unit: "ms",
                against: .floor(quiet.p50),
                target: "<= 100 ms, <= 1.3 x"
            ),
            BenchFigure(
                "from a claim to the job that refills",
                spread: refill.waits(),
                unit: "ms",
                target: "p95 <= 50 ms"
            ),
        ]
    }

    /// Leaves the database with full pools.
    private func fillings(_ server: BenchServer, _ name: String) async throws -> [BenchFigure] {
        try await server.connect(to: name) { store in
            try await store.addPresets(presets, desired: prebuilds / presets)
            try server.note("Filling \(presets) pools ...")
            let (fill, bare) = try await fill(store)
            try await store.finishPrebuilds()
            try await store.settle()
            return [
                BenchFigure(
                    "fill \(prebuilds) prebuilds of \(presets) presets",
                    fill.p50,
                    unit: "ms",
                    against: .floor(bare.p50),
                    target: "<= 2 x"
                ),
                BenchFigure("prebuilds created", Double(prebuilds) / fill.p50 * 1_000, unit: "/s"),
            ]
        }
    }

    /// Fills the pools repeatedly, and inserts the same rows alone in between.
    private func fill(_ store: Store) async throws -> (Percentiles, Percentiles) {
        func pass() async throws {
            guard try await store.benchPass().createdTotal == prebuilds else {
                throw BenchError("a pass created fewer prebuilds than are missing")
            }
        }
        var passes: [Double] = []
        var inserts: [Double] = []
        // The first one is the warm-up, and provides the rows.
        try await pass()
        let rows = try await CreatedRows(in: store)
        for _ in 0..<rounds {
            try await rows.remove()
            var began = ContinuousClock.now
            try await rows.insert()
            inserts.append(began.milliseconds)
            try await rows.remove()
            began = .now
            try await pass()
            passes.append(began.milliseconds)
        }
        return (try Percentiles(of: passes), try Percentiles(of: inserts))
    }

    private func quietPasses(
        _ server: BenchServer,
        _ alone: String,
        _ beside: String
    ) async throws -> (quiet: Percentiles, past: Percentiles, plain: Percentiles) {
        try await server.connect(to: alone) { alone in
            try await server.connect(to: beside) { beside in
                try server.note("Adding \(history) claimed and deleted workspaces ...")
                try await beside.addHistory(history)
                try server.note("Making passes with nothing to do ...")
                let memories = [PlanMemory(), PlanMemory()]
                var times: [[Double]] = [[], []]
                var reads: [Double] = []
                // In turns, so that other load of the machine affects both alike. The first runs prepare statements,
                // load pages, and fill the memories.
                for round in -3..<Self.quietPasses {
                    for (index, store) in [alone, beside].enumerated() {
                        let began = ContinuousClock.now
                        let applied = try await store.benchPass(memories[index])
                        if round < 0 { continue }
                        times[index].append(began.milliseconds)
                        guard applied == AppliedPlan() else { throw BenchError("a pass found something to do") }
                    }
                    let began = ContinuousClock.now
                    try await alone.readPrebuilds()
                    if round >= 0 { reads.append(began.milliseconds) }
                }
                return (try Percentiles(of: times[0]), try Percentiles(of: times[1]), try Percentiles(of: reads))
            }
        }
    }
}
