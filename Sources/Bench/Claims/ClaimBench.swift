// SPDX-License-Identifier: Apache-2.0

import Store
import Synchronization

/// The speed of claims, beside the bare bind by pgbench: from many pools, and from a single contended one.
package struct ClaimBench: Benchmark {
    package static let name = "claim"
    let presets: Int
    let clients: Int
    /// The clients of the single pool.
    let hotClients: Int
    /// The number of claims of each run; there is a prebuild for each.
    let claims: Int
    /// The workspaces of the past in one of the runs.
    let history: Int

    package init(presets: Int, clients: Int, hotClients: Int, claims: Int, history: Int) {
        self.presets = presets
        self.clients = clients
        self.hotClients = hotClients
        self.claims = claims
        self.history = history
    }

    package func figures(on server: BenchServer) async throws -> [BenchFigure] {
        let meter = try await FloorMeter(server)
        let usual = try await measure(meter, presets: presets, clients: clients)
        let hot = try await measure(meter, presets: 1, clients: hotClients)
        var runs = [usual, hot]
        var figures = usual.figures("\(presets) presets, \(clients) clients", target: 0.6)
        figures += hot.figures("one preset, \(hotClients) clients", target: 0.4)
        if history > 0 {
            let beside = try await measure(meter, presets: presets, clients: clients, history: history)
            figures += beside.figures("beside \(history) workspaces of the past", target: 0.6)
            runs.append(beside)
        }
        let (misses, doubles) = (runs.map(\.faults.misses), runs.map(\.faults.doubles))
        return figures + [
            BenchFigure("misses", Double(misses.reduce(0, +)), unit: "claims", target: "0"),
            BenchFigure("doubles", Double(doubles.reduce(0, +)), unit: "workspaces", target: "0"),
        ]
    }

    /// Claims all prebuilds of a new database, between two runs of the floor.
    private func measure(
        _ meter: FloorMeter,
        presets: Int,
        clients: Int,
        history: Int = 0
    ) async throws -> ClaimRun {
        let server = meter.server
        try server.note("Filling \(presets) pools with \(claims) prebuilds ...")
        let name = try await filled(server, presets: presets, history: history)
        try server.note("Claiming with \(clients) clients ...")
        let floor = Floor.bind(claims: claims, presets: presets, clients: clients)
        let ((times, seconds), floors) = try await meter.around(floor) {
            try await server.connect(to: name, sessions: clients) { try await claim(from: $0, clients) }
        }
        return ClaimRun(
            rate: Double(times.count) / seconds,
            times: try Percentiles(of: times),
            floors: floors,
            faults: try await server.connect(to: name) { try await $0.claimFaults() }
        )
    }

    /// A database whose pools have a prebuild for each claim of a run.
    private func filled(_ server: BenchServer, presets: Int, history: Int) async throws -> String {
        let name = try await server.makeDatabase()
        try await server.connect(to: name) { store in
            try await store.addPresets(presets, desired: (claims + presets - 1) / presets)
            guard try await store.benchPass().createdTotal >= claims else {
                throw BenchError("the pools could not be filled")
            }
            try await store.finishPrebuilds()
            if history > 0 { try await store.addHistory(history) }
            try await store.settle()
        }
        return name
    }

    /// Makes all claims, each client one after the other; returns the milliseconds of each, and the seconds of all.
    private func claim(from store: Store, _ clients: Int) async throws -> (times: [Double], seconds: Double) {
        let presets = try await store.benchPresets()
        let next = Counter()
        let began = ContinuousClock.now
        let times = try await withThrowingTaskGroup(of: [Double].self) { group in
            for _ in 0..<clients {
                group.addTask { [claims] in
                    var times: [Double] = []
                    while case let number = next.take(), number < claims {
                        let began = ContinuousClock.now
                        // Its outcome is counted at the end.
                        _ = try await store.claim(presets[number % presets.count].request("w-\(number)"))
                        times.append(began.milliseconds)
                    }
                    return times
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return (times, began.seconds)
    }
}

/// The number of the next claim, for several clients.
private final class Counter: Sendable {
    private let next = Atomic(0)

    func take() -> Int { next.add(1, ordering: .relaxed).oldValue }
}

private struct ClaimRun {
    /// Claims a second.
    let rate: Double
    /// Milliseconds of a claim.
    let times: Percentiles
    let floors: FloorRuns
    let faults: (misses: Int, doubles: Int)

    /// - Parameter target: The share of the floor's rate.
    func figures(_ name: String, target: Double) -> [BenchFigure] {
        [
            BenchFigure(
                "claims, \(name)",
                rate,
                unit: "/s",
                against: floors.reference(.ceiling, \.rate),
                target: ">= \(target) x"
            ),
            BenchFigure(
                "time of a claim, \(name)",
                spread: times,
                unit: "ms",
                against: floors.reference(.floor, \.times.p50)
            ),
            BenchFigure(
                "p99 of a claim, \(name)",
                times.p99,
                unit: "ms",
                against: floors.reference(.floor, \.times.p99),
                target: "<= 2 x"
            ),
        ]
    }
}
