// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import TestSupport
import Testing

@Suite(.database, .timeLimit(.minutes(1))) struct TransactionTests {
    private struct Refusal: Error, Equatable {}

    /// A pool and the name of a table of its own, with two rows of value 0.
    private func prepare(size: Int = 4) async throws -> (PostgresPool, SQL) {
        let configuration = PostgresConfiguration(TestDatabase.current.connectionString)
        let pool = PostgresPool(configuration, size: size, logger: quiet)
        let table: SQL = "numbers"
        try await pool.run("CREATE TABLE \(sql: table) AS SELECT id, 0 AS value FROM generate_series(1, 2) AS id")
        return (pool, table)
    }

    @Test func `what is committed stays, in one round trip too`() async throws {
        let (pool, table) = try await prepare()
        try await pool.withTransaction("test.commit") { transaction in
            try await transaction.run("UPDATE \(sql: table) SET value = 1 WHERE id = 1")
        }
        let results = try await pool.withTransaction("test.commit") { transaction in
            try await transaction.executeBatchAndCommit([
                Statement("test.update", "UPDATE \(sql: table) SET value = 2 WHERE id = 2"),
                Statement("test.select", "SELECT sum(value) FROM \(sql: table)"),
            ])
        }
        #expect(results.map(\.affectedRows) == [1, 1])
        #expect(try results[1][0].decode(Int.self) == 3)
        #expect(try await pool.value("SELECT sum(value) FROM \(sql: table)") == 3)
    }

    @Test func `a thrown error rolls back`() async throws {
        let (pool, table) = try await prepare(size: 1)
        await #expect(throws: Refusal()) {
            try await pool.withTransaction("test.rollback") { transaction in
                try await transaction.run("UPDATE \(sql: table) SET value = 1")
                throw Refusal()
            }
        }
        #expect(try await pool.value("SELECT sum(value) FROM \(sql: table)") == 0)
    }

    @Test func `the transaction has the isolation asked for`() async throws {
        let (pool, _) = try await prepare()
        let levels: [(Isolation, String)] = [
            (.readCommitted, "read committed"), (.repeatableRead, "repeatable read"), (.serializable, "serializable"),
        ]
        for (isolation, name) in levels {
            let level = try await pool.withTransaction("test.isolation", isolation: isolation) { transaction in
                try await transaction.value("SELECT current_setting('transaction_isolation')", as: String.self)
            }
            #expect(level == name)
        }
    }

    @Test func `a transaction without statements does nothing`() async throws {
        let (pool, _) = try await prepare()
        #expect(try await pool.withTransaction("test.nothing") { _ in 7 } == 7)
    }

    @Test func `an error that the body hides does not pass for a commit`() async throws {
        let (pool, table) = try await prepare()
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction("test.hidden") { transaction in
                try await transaction.run("UPDATE \(sql: table) SET value = 1")
                do { try await transaction.run("SELECT 1 / 0") } catch {}
            }
        }
        #expect(error?.sqlState == .inFailedTransaction)
        #expect(try await pool.value("SELECT sum(value) FROM \(sql: table)") == 0)
    }

    @Test func `nothing follows the commit`() async throws {
        let (pool, table) = try await prepare()
        let error = await #expect(throws: PostgresError.self) {
            try await pool.withTransaction("test.late") { transaction in
                _ = try await transaction.executeBatchAndCommit([Statement("test.select", "SELECT 1")])
                try await transaction.run("UPDATE \(sql: table) SET value = 1")
            }
        }
        #expect(error?.kind == .misuse)
        #expect(try await pool.value("SELECT sum(value) FROM \(sql: table)") == 0)
    }

    @Test func `a savepoint keeps the rest of the transaction`() async throws {
        let (pool, table) = try await prepare()
        try await pool.withTransaction("test.savepoint") { transaction in
            try await transaction.savepoint("first") {
                try await transaction.run("UPDATE \(sql: table) SET value = 1 WHERE id = 1")
            }
            let error = await #expect(throws: PostgresError.self) {
                try await transaction.savepoint("second; \"") {
                    try await transaction.run("UPDATE \(sql: table) SET value = 5")
                    try await transaction.run("SELECT 1 / 0")
                }
            }
            #expect(error?.sqlState == SQLState("22012"))
        }
        #expect(try await pool.value("SELECT sum(value) FROM \(sql: table)") == 1)
    }

    @Test func `a script runs inside the transaction`() async throws {
        let (pool, table) = try await prepare()
        await #expect(throws: Refusal()) {
            try await pool.withTransaction("test.script") { transaction in
                try await transaction.executeScript(
                    Statement("test.script", "UPDATE \(sql: table) SET value = 1; UPDATE \(sql: table) SET value = 2")
                )
                #expect(try await transaction.value("SELECT sum(value) FROM \(sql: table)") == 4)
                throw Refusal()
            }
        }
        #expect(try await pool.value("SELECT sum(value) FROM \(sql: table)") == 0)
    }

    @Test func `a serialization failure is tried again`() async throws {
        let (pool, table) = try await prepare()
        let attempts = Counter()
        try await pool.withTransaction("test.40001", isolation: .repeatableRead) { transaction in
            let value = try await transaction.value("SELECT value FROM \(sql: table) WHERE id = 1", as: Int.self)
            if attempts.increment() == 1 { try await pool.run("UPDATE \(sql: table) SET value = 10 WHERE id = 1") }
            try await transaction.run("UPDATE \(sql: table) SET value = \(value + 1) WHERE id = 1")
        }
        #expect(attempts.value == 2)
        #expect(try await pool.value("SELECT value FROM \(sql: table) WHERE id = 1") == 11)
    }

    @Test func `a serialization failure of the commit is tried again`() async throws {
        let (pool, table) = try await prepare()
        let attempts = Counter()
        let insert: SQL = "INSERT INTO \(sql: table) SELECT 9, count(*) FROM \(sql: table)"
        try await pool.withTransaction("test.skew", isolation: .serializable) { transaction in
            try await transaction.run(insert)
            guard attempts.increment() == 1 else { return }
            try await pool.withTransaction("test.other", isolation: .serializable) { other in
                try await other.run(insert)
            }
        }
        #expect(attempts.value == 2)
        #expect(
            try await pool.value("SELECT array_agg(value ORDER BY value) FROM \(sql: table) WHERE id = 9") == [2, 3]
        )
    }

    @Test func `attempts are bounded, and a wrapped conflict counts as one`() async throws {
        let (pool, table) = try await prepare()
        let attempts = Counter()
        await #expect(throws: Refusal()) {
            try await pool.withTransaction("test.bounded", isolation: .repeatableRead, attempts: 3) { transaction in
                attempts.increment()
                _ = try await transaction.value("SELECT value FROM \(sql: table) WHERE id = 1", as: Int.self)
                try await pool.run("UPDATE \(sql: table) SET value = value + 1 WHERE id = 1")
                do {
                    try await transaction.run("UPDATE \(sql: table) SET value = 0 WHERE id = 1")
                } catch {
                    throw Refusal()
                }
            }
        }
        #expect(attempts.value == 3)
    }

    @Test func `other errors are not tried again`() async throws {
        let (pool, _) = try await prepare()
        let attempts = Counter()
        await #expect(throws: PostgresError.self) {
            try await pool.withTransaction("test.once") { transaction in
                attempts.increment()
                try await transaction.run("SELECT 1 / 0")
            }
        }
        #expect(attempts.value == 1)
    }

    @Test func `the victim of a deadlock is tried again`() async throws {
        let (pool, table) = try await prepare()
        let attempts = Counter()
        let ready = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for ids in [(1, 2), (2, 1)] {
                group.addTask {
                    try await pool.withTransaction("test.deadlock") { transaction in
                        attempts.increment()
                        try await transaction.run("SET LOCAL deadlock_timeout = '10ms'")
                        try await transaction.run("UPDATE \(sql: table) SET value = value + 1 WHERE id = \(ids.0)")
                        ready.increment()
                        while ready.value < 2 { await Task.yield() }
                        try await transaction.run("UPDATE \(sql: table) SET value = value + 1 WHERE id = \(ids.1)")
                    }
                }
            }
            for try await _ in group {}
        }
        #expect(attempts.value == 3)
        #expect(try await pool.value("SELECT array_agg(value) FROM \(sql: table)") == [2, 2])
    }

    @Test func `a canceled transaction is rolled back, and its session serves the next`() async throws {
        let (pool, table) = try await prepare(size: 1)
        let observer = try await PostgresSession.test()
        let backend = try await pool.backend
        let task = Task {
            try await pool.withTransaction("test.canceled") { transaction in
                try await transaction.run("UPDATE \(sql: table) SET value = 1")
                try await transaction.run("SELECT pg_sleep(60)")
            }
        }
        try await observer.until(
            "wait_event IS NOT DISTINCT FROM 'PgSleep' FROM pg_stat_activity WHERE pid = \(backend)"
        )
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await pool.value("SELECT sum(value) FROM \(sql: table)") == 0)
        #expect(try await pool.backend == backend)
    }
}
