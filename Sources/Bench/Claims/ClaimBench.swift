// SPDX-License-Identifier: Apache-2.0

import Store
import Synchronization

/// The speed of claims, compared with the bare statement: from many pools, and from a single contended one.
package struct ClaimBench: Benchmark {
    package static let name = "claim"
    let presets: Int
    let clients: Int
    /// The clients of the single pool.
    let hotClients: Int
    /// The number of claims of each run; there is a prebuild for each.
    let claims: Int

    package init(presets: Int, clients: Int, hotClients: Int, claims: Int) {
        self.presets = presets
        self.clients = clients
        self.hotClients = hotClients
        self.claims = claims
    }

    /// With few clients the runs alternate, so that other load on the machine affects both alike.
    private static let turns = 3

    package func figures(on server: BenchServer) async throws -> [BenchFigure] {
        try server.note("Filling \(presets) pools, and a single one, with \(claims) prebuilds each time ...")
        let many = try await filled(server, presets: presets)
        let one = try await filled(server, presets: 1)
        let usual = try await compare(server, many, clients: clients)
        let hot = try await compare(server, one, clients: hotClients)
        return [
            usual.rate("claims from \(presets) presets, \(clients) clients"),
            usual.latency("the slowest of 100, in ms"),
            BenchFigure("time of a claim", spread: usual.claims.spread, unit: "ms"),
            BenchFigure("time of the bare statement", spread: usual.bare.spread, unit: "ms"),
            hot.rate("claims from one preset, \(hotClients) clients"),
            hot.latency("the slowest of 100, in ms, one preset"),
            BenchFigure("time of a claim, one preset", spread: hot.claims.spread, unit: "ms"),
            BenchFigure("misses", Double(usual.misses + hot.misses), unit: "claims", target: "0"),
            BenchFigure("doubles", Double(usual.doubles + hot.doubles), unit: "workspaces", target: "0"),
        ]
    }

    /// A database whose pools have a prebuild for each claim of a run.
    private func filled(_ server: BenchServer, presets: Int) async throws -> String {
        let name = try await server.makeDatabase()
        try await server.connect(to: name) { store in
            try await store.addPresets(presets, desired: (claims + presets - 1) / presets)
            guard try await store.benchPass().createdTotal >= claims else {
                throw BenchError("the pools could not be filled")
            }
            try await store.finishPrebuilds()
            try await store.settle()
        }
        return name
    }

    /// Runs both alternately with few clients; one after the other with many, because a server has a limited number of
    /// sessions.
    private func compare(_ server: BenchServer, _ original: String, clients: Int) async throws -> Comparison {
        let copy = try await server.makeDatabase(copying: original)
        try server.note("Claiming with \(clients) clients ...")
        var (claimed, bare) = (Run(), Run())
        let turns = clients > 32 ? 1 : Self.turns
        for turn in 0..<turns {
            bare += try await server.connect(to: copy, sessions: clients) { store in
                let presets = try await store.benchPresets()
                return try await run(turn, of: turns, clients) { number in
                    try await store.claimBare(presets[number % presets.count], name: "w-\(number)")
                }
            }
            claimed += try await server.connect(to: original, sessions: clients) { store in
                let presets = try await store.benchPresets()
                return try await run(turn, of: turns, clients) { number in
                    try await store.claim(presets[number % presets.count].request("w-\(number)")).outcome == .hit
                }
            }
        }
        let faults = try await server.connect(to: original) { try await $0.claimFaults() }
        return Comparison(
            claims: try claimed.rate(),
            bare: try bare.rate(),
            misses: faults.misses + bare.misses,
            doubles: faults.doubles
        )
    }

    /// One turn's share of the claims, each client one after the other.
    private func run(
        _ turn: Int,
        of turns: Int,
        _ clients: Int,
        _ claim: @escaping @Sendable (Int) async throws -> Bool
    ) async throws -> Run {
        let end = claims * (turn + 1) / turns
        let next = Counter(claims * turn / turns)
        let began = ContinuousClock.now
        var run = try await withThrowingTaskGroup(of: Run.self) { group in
            for _ in 0..<clients {
                group.addTask {
                    var run = Run()
                    while case let number = next.take(), number < end {
                        let began = ContinuousClock.now
                        if !(try await claim(number)) { run.misses += 1 }
                        run.times.append(began.milliseconds)
                    }
                    return run
                }
            }
            return try await group.reduce(into: Run()) { $0 += $1 }
        }
        run.seconds = began.seconds
        return run
    }
}

/// The next claim, for several clients.
private final class Counter: Sendable {
    private let next: Atomic<Int>

    init(_ first: Int) {
        next = Atomic(first)
    }

    func take() -> Int { next.add(1, ordering: .relaxed).oldValue }
}

/// The sum of the turns.
private struct Run: Sendable {
    var times: [Double] = []
    var seconds = 0.0
    var misses = 0

    static func += (run: inout Run, other: Run) {
        run.times += other.times
        run.seconds += other.seconds
        run.misses += other.misses
    }

    func rate() throws -> (perSecond: Double, spread: Percentiles) {
        (Double(times.count) / max(seconds, .ulpOfOne), try Percentiles(of: times))
    }
}

private struct Comparison {
    let claims: (perSecond: Double, spread: Percentiles)
    let bare: (perSecond: Double, spread: Percentiles)
    let misses: Int
    let doubles: Int

    func rate(_ name: String) -> BenchFigure {
        BenchFigure(name, claims.perSecond, unit: "/s", against: .ceiling(bare.perSecond), target: ">= 0.6 x")
    }

    func latency(_ name: String) -> BenchFigure {
        BenchFigure(name, claims.spread.p99, unit: "ms", against: .floor(bare.spread.p99), target: "<= 2 x")
    }
}
