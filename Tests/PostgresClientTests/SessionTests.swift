// SPDX-License-Identifier: Apache-2.0

import Logging
import Metrics
import MetricsTestKit
import PostgresClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct SessionTests {
    @Test func `a thousand statements are one batch`() async throws {
        let session = try await PostgresSession.test()
        let results = try await session.executeBatch((0..<1000).map { Statement("test.batch", "SELECT \($0)") })
        #expect(try results.map { try $0[0].decode(Int.self) } == Array(0..<1000))
    }

    @Test func `an empty batch is nothing`() async throws {
        #expect(try await PostgresSession.test().executeBatch([]).isEmpty)
    }

    @Test func `an error in the middle of a batch undoes it and leaves the session usable`() async throws {
        let session = try await PostgresSession.test()
        try await session.run("CREATE TEMP TABLE numbers (n int8 PRIMARY KEY)")
        let numbers = [1, 2, 3, 2, 4]
        let error = await #expect(throws: PostgresError.self) {
            try await session.executeBatch(
                numbers.enumerated().map { Statement("test.insert_\($0)", "INSERT INTO numbers VALUES (\($1))") }
            )
        }
        #expect(error?.sqlState == .uniqueViolation)
        #expect(error?.statement == "test.insert_3")
        #expect(try await session.value("SELECT count(*) FROM numbers") == 0)
    }

    @Test func `batches larger than any socket buffer flow both ways`() async throws {
        let session = try await PostgresSession.test()
        let text = String(repeating: "x", count: 20_000)
        let results = try await session.executeBatch((0..<500).map { _ in Statement("test.large", "SELECT \(text)") })
        #expect(results.count == 500)
        #expect(try results.allSatisfy { try $0[0].decode(String.self) == text })
    }

    @Test func `an error carries the server's fields and no bound value`() async throws {
        let session = try await PostgresSession.test()
        try await session.executeScript(
            Statement(
                "test.schema",
                """
                CREATE TYPE pg_temp.mood AS ENUM ('good');
                CREATE TEMP TABLE people (name text CONSTRAINT people_key PRIMARY KEY, age int CONSTRAINT grown CHECK (age > 17));
                INSERT INTO people VALUES ('s3cret', 99)
                """
            )
        )
        let attempts: [(SQL, SQLState, String?)] = [
            ("INSERT INTO people VALUES (\("s3cret"), 20)", .uniqueViolation, "people_key"),
            ("INSERT INTO people VALUES (\("s3cret!"), \(16))", SQLState("23514"), "grown"),
            ("SELECT \("s3cret")::pg_temp.mood", SQLState("22P02"), nil),
            ("SELECT \("s3cret")::uuid", SQLState("22P02"), nil),
        ]
        for (sql, state, constraint) in attempts {
            let error = await #expect(throws: PostgresError.self) {
                try await session.execute(Statement("test.secret", sql))
            }
            #expect(error?.sqlState == state)
            #expect(error?.constraint == constraint)
            #expect(error?.statement == "test.secret")
            if constraint != nil { #expect(error?.table == "people") }
            var dumped = ""
            dump(error, to: &dumped)
            #expect(!dumped.contains("s3cret") && !"\(String(describing: error))".contains("s3cret"))
        }
    }

    @Test func `a script is one transaction of many statements`() async throws {
        let session = try await PostgresSession.test()
        try await session.executeScript(
            Statement("test.script", "CREATE TEMP TABLE t (n int); INSERT INTO t VALUES (1), (2);")
        )
        await #expect(throws: PostgresError.self) {
            try await session.executeScript(Statement("test.script", "INSERT INTO t VALUES (3); SELECT 1 / 0"))
        }
        #expect(try await session.value("SELECT count(*) FROM t") == 2)
    }

    @Test func `an empty statement is refused`() async throws {
        let session = try await PostgresSession.test()
        let error = await #expect(throws: PostgresError.self) { try await session.run("-- nothing") }
        #expect(error?.kind == .misuse)
    }

    @Test func `COPY is refused`() async throws {
        let session = try await PostgresSession.test()
        let error = await #expect(throws: PostgresError.self) { try await session.run("COPY (SELECT 1) TO STDOUT") }
        #expect(error?.kind == .misuse)
    }

    @Test func `many waiting statements leave the other tasks their threads`() async throws {
        let keeper = try await PostgresSession.test()
        let name = "waiting \(UInt64.random(in: 0 ... .max))"
        try await keeper.run("SELECT pg_advisory_lock(hashtext(\(name)))")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 {
                let session = try await PostgresSession.test()
                group.addTask { try await session.run("SELECT pg_advisory_lock(hashtext(\(name)))") }
            }
            // If a waiting statement held a thread of the pool, this would never run.
            try await keeper.until(
                "count(*) = 16 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid::int8 & 4294967295 = hashtext(\(name))::int8 & 4294967295"
            )
            try await keeper.run("SELECT pg_advisory_unlock(hashtext(\(name)))")
            try await group.next()
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result { #expect(error is CancellationError) }
            }
        }
    }

    @Test func `durations are recorded by statement`() async throws {
        let metrics = TestMetrics()
        try await withMetricsFactory(metrics) {
            let session = try await PostgresSession.test()
            _ = try await session.executeBatch([Statement("test.one", "SELECT 1"), Statement("test.two", "SELECT 2")])
            _ = try await session.execute(Statement("test.one", "SELECT 1"))
        }
        let label = "stoker_db_query_duration_seconds"
        #expect(try metrics.expectTimer(label, [("query", "test.one")]).values.count == 2)
        #expect(try metrics.expectTimer(label, [("query", "test.two")]).values.count == 1)
    }
}
