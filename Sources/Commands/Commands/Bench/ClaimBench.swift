// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import Store
import Synchronization

/// How fast people get their workspaces, beside the bare statement that gives them: from many pools, and from a single one
/// that everybody wants. In databases of its own, which it drops.
struct ClaimBench {
    let address: DatabaseAddress
    let presets: Int
    let clients: Int
    /// Clients of the single pool.
    let hotClients: Int
    /// How many claims each of the runs makes; there is a prebuild for each.
    let claims: Int
    /// Told of what is being done.
    let note: (String) throws -> Void

    /// With few clients the runs take turns, so that whatever else the machine does falls on both alike.
    private static let turns = 3

    private typealias Spread = BenchFigure.Percentiles

    func figures() async throws -> [BenchFigure] {
        try await ScratchDatabases.using(address) { databases in
            try note("Filling \(presets) pools, and a single one, with \(claims) prebuilds each time ...")
            let many = try await filled(databases, presets: presets)
            let one = try await filled(databases, presets: 1)
            let usual = try await compare(databases, many, clients: clients)
            let hot = try await compare(databases, one, clients: hotClients)
            return [
                usual.rate("claims from \(presets) presets, \(clients) clients", target: ">= 0.6 x"),
                usual.latency("the slowest of 100, in ms", target: "<= 2 x"),
                BenchFigure("time of a claim", usual.claims.spread, unit: "ms"),
                BenchFigure("time of the bare statement", usual.bare.spread, unit: "ms"),
                hot.rate("claims from one preset, \(hotClients) clients", target: ">= 0.6 x"),
                hot.latency("the slowest of 100, in ms, one preset", target: "<= 2 x"),
                BenchFigure("time of a claim, one preset", hot.claims.spread, unit: "ms"),
                BenchFigure("misses", Double(usual.misses + hot.misses), unit: "claims", target: "0"),
                BenchFigure("doubles", Double(usual.doubles + hot.doubles), unit: "workspaces", target: "0"),
            ]
        }
    }

    /// A database whose pools hold all the prebuilds that a run claims.
    private func filled(_ databases: ScratchDatabases, presets: Int) async throws -> String {
        let name = try await databases.make()
        try await databases.connect(to: name) { store in
            try await store.addBenchPresets(presets, desired: (claims + presets - 1) / presets)
            let limits = PlanLimits()
            let pass = try await store.reconcile(limits: limits) { snapshot, now in
                Plan(snapshot: snapshot, now: now, limits: limits)
            }
            guard case .done(_, let applied) = pass, applied.createdTotal >= claims else {
                throw CommandError("the pools could not be filled")
            }
            try await store.finishBenchPrebuilds()
            try await store.settleBench()
        }
        return name
    }

    /// Runs both in turns, with few clients; with many, one after the other: a server has only so many sessions to give.
    private func compare(_ databases: ScratchDatabases, _ original: String, clients: Int) async throws -> Comparison {
        let copy = try await databases.make(copying: original)
        try note("Claiming with \(clients) clients ...")
        var (claimed, bare) = (Run(), Run())
        let turns = clients > 32 ? 1 : Self.turns
        for turn in 0..<turns {
            bare += try await databases.connect(to: copy, sessions: clients) { store in
                let presets = try await store.benchPresets()
                return try await run(turn, of: turns, clients) { number in
                    try await store.claimBare(presets[number % presets.count], name: "w-\(number)")
                }
            }
            claimed += try await databases.connect(to: original, sessions: clients) { store in
                let presets = try await store.benchPresets()
                return try await run(turn, of: turns, clients) { number in
                    try await store.claim(presets[number % presets.count].request("w-\(number)")).outcome == .hit
                }
            }
        }
        let outcome = try await databases.connect(to: original) { try await $0.benchClaims() }
        return Comparison(
            claims: try claimed.result(),
            bare: try bare.result(),
            misses: outcome.others + bare.misses,
            doubles: outcome.doubles
        )
    }

    /// One turn's share of the claims, each client one after the other.
    private func run(
        _ turn: Int,
        of turns: Int,
        _ clients: Int,
        _ claim: @escaping @Sendable (Int) async throws -> Bool
    ) async throws -> Run {
        let (first, end) = (claims * turn / turns, claims * (turn + 1) / turns)
        let numbers = Numbers(from: first, to: end)
        let began = ContinuousClock.now
        var run = try await withThrowingTaskGroup(of: Run.self) { group in
            for _ in 0..<clients { group.addTask { try await Self.client(claim, numbers) } }
            return try await group.reduce(into: Run()) { $0 += $1 }
        }
        run.seconds = began.duration(to: .now) / .seconds(1)
        return run
    }

    private static func client(
        _ claim: @Sendable (Int) async throws -> Bool,
        _ numbers: Numbers
    ) async throws -> Run {
        var run = Run()
        while let number = numbers.take() {
            let began = ContinuousClock.now
            if !(try await claim(number)) { run.misses += 1 }
            run.times.append(began.duration(to: .now) / .milliseconds(1))
        }
        return run
    }
}

/// Which claim is next, for several clients.
private final class Numbers: Sendable {
    private let next: Atomic<Int>
    private let end: Int

    init(from first: Int, to end: Int) {
        next = Atomic(first)
        self.end = end
    }

    func take() -> Int? {
        let number = next.add(1, ordering: .relaxed).oldValue
        return number < end ? number : nil
    }
}

extension ClaimBench {
    /// What the turns add up to.
    private struct Run: Sendable {
        var times: [Double] = []
        var seconds = 0.0
        var misses = 0

        static func += (run: inout Run, other: Run) {
            run.times += other.times
            run.seconds += other.seconds
            run.misses += other.misses
        }

        func result() throws -> RunResult {
            guard let spread = BenchFigure.Percentiles(of: times) else { throw CommandError("nothing was measured") }
            return RunResult(perSecond: Double(times.count) / max(seconds, .ulpOfOne), spread: spread)
        }
    }

    private struct RunResult {
        let perSecond: Double
        let spread: BenchFigure.Percentiles
    }

    private struct Comparison {
        let claims: RunResult
        let bare: RunResult
        let misses: Int
        let doubles: Int

        func rate(_ name: String, target: String) -> BenchFigure {
            let floor = BenchFigure.Reference(kind: .ceiling, value: bare.perSecond)
            return BenchFigure(name, claims.perSecond, unit: "/s", against: floor, target: target)
        }

        func latency(_ name: String, target: String) -> BenchFigure {
            let floor = BenchFigure.Reference(kind: .floor, value: bare.spread.p99)
            return BenchFigure(name, claims.spread.p99, unit: "ms", against: floor, target: target)
        }
    }
}
