// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct PreparingTests {
    private let count: SQL = "SELECT count(*) FROM pg_prepared_statements"

    @Test func `statements are prepared once, up to the limit`() async throws {
        var configuration = try await PostgresConfiguration.shared()
        configuration.preparedStatementLimit = 3
        let session = try PostgresSession(configuration, logger: quiet)
        for index in 0..<10 { try await session.run("SELECT \(literal: index)") }
        _ = try await session.value(count, as: Int.self)
        #expect(try await session.value(count) == 3)
        #expect(try await session.value(count) == 3)
    }

    @Test func `nothing is prepared behind a pooler`() async throws {
        var configuration = try await PostgresConfiguration.shared()
        configuration.behindPooler = true
        let session = try PostgresSession(configuration, logger: quiet)
        let results = try await session.executeBatch((0..<3).map { Statement("test.unnamed", "SELECT \($0)") })
        #expect(try results.map { try $0[0].decode(Int.self) } == [0, 1, 2])
        #expect(try await session.value(count) == 0)
    }

    @Test func `a statement survives a change of its table`() async throws {
        let session = try await PostgresSession.test()
        try await session.run("CREATE TEMP TABLE t AS SELECT 1 AS a")
        let statement = Statement("test.stale", "SELECT * FROM t")
        #expect(try await session.execute(statement)[0].decode(Int.self) == 1)
        try await session.run("ALTER TABLE t ADD b text DEFAULT 'x'")
        #expect(try await session.execute(statement)[0].decode(Int.self, String.self) == (1, "x"))
    }

    @Test func `a transaction survives a change of its table`() async throws {
        let pool = try await PostgresPool.test(size: 1)
        try await pool.run("CREATE TEMP TABLE t AS SELECT 1 AS a")
        let statement = Statement("test.stale", "SELECT * FROM t")
        #expect(try await pool.execute(statement)[0].decode(Int.self) == 1)
        try await pool.run("ALTER TABLE t ADD b text DEFAULT 'x'")
        let row = try await pool.withTransaction("test.stale") { try await $0.execute(statement)[0] }
        #expect(try row.decode(Int.self, String.self) == (1, "x"))
    }

    @Test func `a statement survives the loss of its preparation`() async throws {
        let session = try await PostgresSession.test()
        let statement = Statement("test.lost", "SELECT \(1)")
        _ = try await session.execute(statement)
        try await session.executeScript(Statement("test.deallocate", "DEALLOCATE ALL"))
        #expect(try await session.execute(statement)[0].decode(Int.self) == 1)
    }

    @Test func `a statement that cannot be prepared can be tried again`() async throws {
        let session = try await PostgresSession.test()
        let statement = Statement("test.early", "SELECT * FROM later")
        let error = await #expect(throws: PostgresError.self) { try await session.execute(statement) }
        #expect(error?.sqlState == .undefinedTable)
        try await session.run("CREATE TEMP TABLE later AS SELECT 1 AS a")
        // In a transaction, where a wrong guess that the server knows the statement would show.
        let row = try await session.withTransaction("test.later", attempts: 1) { try await $0.execute(statement)[0] }
        #expect(try row.decode(Int.self) == 1)
    }
}
