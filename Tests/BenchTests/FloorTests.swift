// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LocalPostgres
import PostgresClient
import Store
import TestSupport
import Testing

@testable import Bench

/// The floors by pgbench, on a real server.
@Suite(.database, .timeLimit(.minutes(2))) struct FloorTests {
    /// Performs the body with a meter, and drops its databases.
    private func measure(
        pgbench: Pgbench?,
        _ body: (FloorMeter) async throws -> Void
    ) async throws {
        let configuration = PostgresConfiguration(TestDatabase.current.connectionString)
        try await PostgresPool.withPool(configuration, size: 1, logger: silence) { pool in
            let server = BenchServer(Store(pool: pool), configuration, pgbench: pgbench, note: { _ in })
            do {
                try await body(FloorMeter(server))
            } catch {
                try await server.dropDatabases()
                throw error
            }
            try await server.dropDatabases()
        }
    }

    /// Runs a floor, and counts in its tables.
    private func run(_ floor: Floor, _ counts: SQL) async throws -> [Int] {
        let pgbench = try #require(try await Pgbench.find(), "pgbench is not installed")
        var numbers: [Int] = []
        try await measure(pgbench: pgbench) { meter in
            let run = try await meter.run(floor, by: pgbench)
            #expect(run.rate > 0)
            #expect(run.times.p50 > 0)
            numbers = try await meter.server.connect(to: meter.database) { try await $0.bench(counts) }
                .only().decode([Int].self)
        }
        return numbers
    }

    @Test func `the bare bind hands over each prebuild once, with a row in each table`() async throws {
        let counts = try await run(
            .bind(claims: 200, presets: 5, clients: 4),
            """
            SELECT ARRAY[(SELECT count(*) FROM prebuilds WHERE owner IS NULL),
                (SELECT count(DISTINCT prebuild) FROM claims), (SELECT count(*) FROM claims),
                (SELECT count(DISTINCT prebuild) FROM builds), (SELECT count(DISTINCT prebuild) FROM jobs)]
            """
        )
        #expect(counts == [0, 200, 200, 200, 200])
    }

    @Test(arguments: [
        (Floor.claimOne(jobs: 200, clients: 4), 200, 200, 200),
        (.claimBatch(jobs: 400, clients: 1), 400, 400, 400), (.claimBatch(jobs: 400, clients: 2), 400, 400, 400),
        (.enqueueOne(jobs: 100, clients: 2), 100, 0, 0), (.idleQueue(jobs: 20), 20, 20, 0),
    ])
    func `a floor of the queue takes each job once`(floor: Floor, jobs: Int, started: Int, ended: Int) async throws {
        let counts = try await run(
            floor,
            "SELECT ARRAY[count(*), count(started_at), count(completed_at)] FROM jobs"
        )
        #expect(counts == [jobs, started, ended])
    }

    @Test func `what fails is an error, not a rate`() async throws {
        let pgbench = try #require(try await Pgbench.find(), "pgbench is not installed")
        try await measure(pgbench: pgbench) { meter in
            // No table is there.
            let floor = Floor(script: .claimOne, clients: 1, transactions: 1)
            let error = await #expect(throws: LocalPostgresError.self) { _ = try await meter.run(floor, by: pgbench) }
            #expect(error?.message.contains("relation \"jobs\" does not exist") == true)
        }
    }

    @Test func `floors are measured before and after what they are compared with`() async throws {
        let pgbench = try #require(try await Pgbench.find(), "pgbench is not installed")
        try await measure(pgbench: pgbench) { meter in
            var measured = 0
            let (result, floors) = try await meter.around(.selectOne(trips: 100, clients: 1)) {
                measured += 1
                return "result"
            }
            #expect((result, measured) == ("result", 1))
            let reference = try #require(floors.reference(.ceiling, \.rate))
            #expect(reference.values == [floors.before[0].rate, floors.after[0].rate])
            #expect(reference.source == "pgbench select-one.sql, 1 client")
        }
    }

    @Test func `without pgbench there is a figure, and no ratio`() async throws {
        try await measure(pgbench: nil) { meter in
            let (_, floors) = try await meter.around(.selectOne(trips: 100, clients: 1)) {}
            let reference = floors.reference(.ceiling, \.rate)
            #expect(reference == nil)
            let figure = BenchFigure("trips", 5, unit: "/s", against: reference, target: ">= 0.9 x")
            #expect(try json(figure) == #"{"name":"trips","ratio":null,"target":">= 0.9 x","unit":"/s","value":5}"#)
        }
    }

    @Test func `a ratio is to the mean of both floors, and both are told`() throws {
        let reference = BenchFigure.Reference(kind: .floor, values: [2, 4], source: "pgbench bind.sql, 16 clients")
        let figure = BenchFigure("claims", 6, unit: "/s", against: reference)
        #expect(figure.ratio == 2)
        #expect(
            try json(figure)
                == """
                {"after":4,"before":2,"floor":3,"measured_by":"pgbench bind.sql, 16 clients","name":"claims",\
                "ratio":2,"unit":"/s","value":6}
                """
        )
    }

    @Test func `the time of a transaction begins when it does, not when it was due`() throws {
        let log = "0 1 3000 0 1700000000 100 1000\n0 2 5000 0 1700000000 200 1000\n"
        let run = try FloorRun(report: "tps = 100.5 (without initial connection time)\n", logs: [log])
        #expect((run.rate, run.times.p50, run.times.p99) == (100.5, 2, 4))
        #expect(throws: BenchError.self) { _ = try FloorRun(report: "tps = 1\n", logs: ["0 1 failed 0 1 1"]) }
        #expect(throws: BenchError.self) { _ = try FloorRun(report: "nothing", logs: [log]) }
    }

    private func json(_ figure: BenchFigure) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(figure), as: UTF8.self)
    }
}
