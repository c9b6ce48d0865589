// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Store

/// The speed of this program's client, beside pgbench with the same statements and as many sessions.
package struct ClientBench: Benchmark {
    package static let name = "client"
    let sessions: Int
    /// The round trips of a run.
    let trips: Int
    /// How often each run is made; the median counts.
    let rounds: Int

    package init(sessions: Int, trips: Int, rounds: Int) {
        self.sessions = sessions
        self.trips = trips
        self.rounds = rounds
    }

    /// A claim with its end waits for two commits, so that fewer of them take as long.
    private static let tripsPerClaim = 10

    package func figures(on server: BenchServer) async throws -> [BenchFigure] {
        let meter = try await FloorMeter(server)
        try server.note("Making round trips ...")
        let one = Statement("bench.one", "SELECT 1")
        let bare = try await measure(meter, .selectOne(trips: trips, clients: sessions)) {
            _ = try await $0.execute(one)
        }
        try server.note("Claiming and completing jobs, one by one ...")
        let pieces = FloorScript.claimOne.statements
        let claim = Statement("bench.claim", pieces[0][0])
        let claims = try await measure(meter, .claimOne(jobs: trips / Self.tripsPerClaim, clients: sessions)) {
            session in
            let job = try await session.execute(claim).only().decode(Int.self)
            _ = try await session.execute(Statement("bench.complete", "\(sql: pieces[1][0])\(job)\(sql: pieces[1][1])"))
        }
        return try bare.figures("SELECT 1, \(sessions) sessions", unit: "/s")
            + claims.figures("claim one and complete it, \(sessions) sessions", unit: "jobs/s")
    }

    /// Performs the body in each session, as often as the floor does, between two runs of the floor.
    private func measure(
        _ meter: FloorMeter,
        _ floor: Floor,
        _ body: @escaping @Sendable (PostgresSession) async throws -> Void
    ) async throws -> ClientRuns {
        var runs = ClientRuns(floors: [FloorRuns(floor)])
        for _ in 0..<rounds {
            let (rate, times) = try await meter.around(&runs.floors) {
                try await meter.server.connect(to: meter.database, sessions: sessions) { store in
                    try await floor.prepare(store)
                    return try await run(store, floor, body)
                }
            }
            runs.rates.append(rate)
            runs.times += times
        }
        return runs
    }

    private func run(
        _ store: Store,
        _ floor: Floor,
        _ body: @escaping @Sendable (PostgresSession) async throws -> Void
    ) async throws -> (rate: Double, times: [Double]) {
        let began = ContinuousClock.now
        let times = try await withThrowingTaskGroup(of: [Double].self) { group in
            for _ in 0..<floor.clients {
                group.addTask {
                    try await store.pool.withSession { session in
                        var times: [Double] = []
                        times.reserveCapacity(floor.transactions)
                        for _ in 0..<floor.transactions {
                            let began = ContinuousClock.now
                            try await body(session)
                            times.append(began.milliseconds)
                        }
                        return times
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return (Double(times.count) / began.seconds, times)
    }
}

private struct ClientRuns {
    /// Of the only floor.
    var floors: [FloorRuns]
    var rates: [Double] = []
    var times: [Double] = []

    func figures(_ name: String, unit: String) throws -> [BenchFigure] {
        let spread = try Percentiles(of: times)
        return [
            BenchFigure(
                name,
                try Percentiles(of: rates).p50,
                unit: unit,
                against: floors[0].reference(.ceiling, \.rate),
                target: ">= 0.9 x"
            ),
            BenchFigure("time, \(name)", spread: spread, unit: "ms", against: floors[0].reference(.floor, \.times.p50)),
            BenchFigure("p99, \(name)", spread.p99, unit: "ms", against: floors[0].reference(.floor, \.times.p99)),
        ]
    }
}
