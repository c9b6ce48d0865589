// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import TestSupport
import Testing

/// A commit that the server refuses is an error, for every kind of commit.
@Suite(.timeLimit(.minutes(1)))
struct CommitTests {
    /// Runs the body on a session whose table `kept` refuses, at the commit, what the function's body refuses.
    private func withTable(
        refusing body: String,
        _ test: (PostgresSession) async throws -> Void
    ) async throws {
        let session = try await PostgresSession.test()
        try await session.executeScript(
            Statement(
                "test.table",
                .init(
                    trusted: """
                        CREATE TEMP TABLE kept (value int);
                        CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \(body); RETURN NULL; END $$;
                        CREATE CONSTRAINT TRIGGER late AFTER INSERT ON kept DEFERRABLE INITIALLY DEFERRED
                            FOR EACH ROW WHEN (NEW.value < 0) EXECUTE FUNCTION pg_temp.refuse();
                        """
                )
            )
        )
        try await test(session)
        await session.close()
    }

    private static let refusal = "RAISE EXCEPTION 'refused at the commit' USING ERRCODE = '23514'"

    private func insert(_ value: Int32) -> Statement {
        Statement("test.insert", within: .milliseconds(500), "INSERT INTO kept VALUES (\(value)) RETURNING value")
    }

    private func kept(_ session: PostgresSession) async throws -> [Int32] {
        try await session.execute(Statement("test.kept", "SELECT value FROM kept ORDER BY value"))
            .map { try $0.decode(Int32.self) }
    }

    @Test func `a statement, a batch and a transaction fail when their commit does`() async throws {
        try await withTable(refusing: Self.refusal) { session async throws in
            let refused = SQLState("23514")
            var error = await #expect(throws: PostgresError.self) { try await session.execute(insert(-1)) }
            #expect(error?.sqlState == refused)
            #expect(error?.message == "refused at the commit")
            #expect(error?.statement == "test.insert")
            #expect(error?.isOutcomeUnknown == false)
            error = await #expect(throws: PostgresError.self) {
                try await session.executeBatch([insert(1), insert(-1), insert(2)])
            }
            #expect(error?.sqlState == refused)
            error = await #expect(throws: PostgresError.self) {
                try await session.withTransaction("test") { _ = try await $0.execute(insert(-1)) }
            }
            #expect(error?.sqlState == refused)
            error = await #expect(throws: PostgresError.self) {
                try await session.withTransaction("test") { _ = try await $0.executeBatchAndCommit([insert(-1)]) }
            }
            #expect(error?.sqlState == refused)
            // Nothing was stored, and the session's answers still match its statements.
            #expect(try await kept(session) == [])
            #expect(
                try await session.executeBatch([insert(3), insert(4)]).map { try $0[0].decode(Int32.self) } == [3, 4]
            )
            #expect(try await kept(session) == [3, 4])
        }
    }

    @Test func `a transaction of two trips is not repeated from its second when the commit looks like a stale plan`()
        async throws
    {
        try await withTable(refusing: "RAISE EXCEPTION 'not now' USING ERRCODE = '0A000'") { session async throws in
            for _ in 1...2 {
                // The second time, the server knows all the statements.
                let error = await #expect(throws: PostgresError.self) {
                    try await session.withTransaction("test", attempts: 1) { transaction in
                        _ = try await transaction.execute(insert(-1))
                        _ = try await transaction.executeBatchAndCommit([insert(1)])
                    }
                }
                #expect(error?.message == "not now")
            }
            #expect(try await kept(session) == [])
        }
    }

    @Test func `a body that takes the end of its transaction for a failed statement has not committed`() async throws {
        try await withTable(refusing: Self.refusal) { session async throws in
            let error = await #expect(throws: PostgresError.self) {
                try await session.withTransaction("test") { transaction in
                    _ = try await transaction.execute(insert(1))
                    _ = try? await transaction.savepoint("part") {
                        try await transaction.execute(
                            Statement("test.end", "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)")
                        )
                    }
                }
            }
            #expect(error?.message.contains("ended before its commit") == true)
        }
    }

    @Test func `a script fails when its commit does`() async throws {
        try await withTable(refusing: Self.refusal) { session async throws in
            let error = await #expect(throws: PostgresError.self) {
                try await session.executeScript(
                    Statement("test.script", "INSERT INTO kept VALUES (1); INSERT INTO kept VALUES (-1)")
                )
            }
            #expect(error?.sqlState == SQLState("23514"))
            #expect(try await kept(session) == [])
        }
    }

    @Test func `a deadline that passes during the commit is told, and nothing is kept`() async throws {
        try await withTable(refusing: "PERFORM pg_sleep(60)") { session async throws in
            let error = await #expect(throws: PostgresError.self) { try await session.execute(insert(-1)) }
            #expect(error?.kind == .deadlineExceeded)
            #expect(error?.isOutcomeUnknown == false)
            #expect(try await kept(session) == [])
        }
    }

    @Test func `a cancellation during the commit is told, and nothing is kept`() async throws {
        try await withTable(refusing: "PERFORM pg_sleep(60)") { session async throws in
            let watch = try await PostgresSession.test()
            let backend = try await session.backend
            let inserting = Task {
                try await session.execute(Statement("test.insert", "INSERT INTO kept VALUES (-1)"))
            }
            try await watch.until(
                "EXISTS (SELECT FROM pg_stat_activity WHERE pid = \(backend) AND wait_event = 'PgSleep')"
            )
            inserting.cancel()
            await #expect(throws: CancellationError.self) { try await inserting.value }
            #expect(try await kept(session) == [])
            await watch.close()
        }
    }

    @Test func `what a lost connection left undecided is told as unknown`() async throws {
        let isLost = "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60)"
        for commits in [true, false] {
            try await withTable(refusing: isLost) { session async throws in
                let error = await #expect(throws: PostgresError.self) {
                    if commits {
                        try await session.withTransaction("test") {
                            _ = try await $0.executeBatchAndCommit([insert(-1)])
                        }
                    } else {
                        _ = try await session.execute(insert(-1))
                    }
                }
                #expect(error?.isOutcomeUnknown == true)
            }
        }
        // Before the commit, nothing can have taken effect.
        let session = try await PostgresSession.test()
        let error = await #expect(throws: PostgresError.self) {
            try await session.withTransaction("test") { transaction in
                _ = try await transaction.execute(
                    Statement("test.end", "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)")
                )
            }
        }
        #expect(error?.isOutcomeUnknown == false)
    }
}
