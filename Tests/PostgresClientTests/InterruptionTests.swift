// SPDX-License-Identifier: Apache-2.0

import Glibc
import PostgresClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct InterruptionTests {
    /// Runs for a minute unless something ends it.
    private let long = Statement("test.long", within: .seconds(300), "SELECT pg_sleep(60)")

    @Test func `canceling the task ends the statement on the server, and the session stays usable`() async throws {
        let session = try await PostgresSession.test()
        let observer = try await PostgresSession.test()
        let backend = try await session.backend
        let task = Task { try await session.execute(long) }
        try await observer.until(
            "state = 'active' AND wait_event IS NOT DISTINCT FROM 'PgSleep' FROM pg_stat_activity WHERE pid = \(backend)"
        )
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await observer.value("SELECT state FROM pg_stat_activity WHERE pid = \(backend)") == "idle")
        #expect(try await session.backend == backend)
    }

    @Test func `a canceled batch has no effect`() async throws {
        let session = try await PostgresSession.test()
        let observer = try await PostgresSession.test()
        let backend = try await session.backend
        try await session.run("CREATE TEMP TABLE t (n int)")
        let task = Task {
            try await session.executeBatch([Statement("test.insert", "INSERT INTO t VALUES (1)"), long])
        }
        try await observer.until(
            "wait_event IS NOT DISTINCT FROM 'PgSleep' FROM pg_stat_activity WHERE pid = \(backend)"
        )
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await session.value("SELECT count(*) FROM t") == 0)
    }

    @Test func `a statement canceled in the queue never reaches the server`() async throws {
        let session = try await PostgresSession.test()
        let observer = try await PostgresSession.test()
        let backend = try await session.backend
        try await session.run("CREATE TEMP TABLE t (n int)")
        let first = Task { try await session.execute(long) }
        try await observer.until(
            "wait_event IS NOT DISTINCT FROM 'PgSleep' FROM pg_stat_activity WHERE pid = \(backend)"
        )
        let second = Task { try await session.execute(Statement("test.queued", "INSERT INTO t VALUES (1)")) }
        second.cancel()
        try await observer.run("SELECT pg_cancel_backend(\(backend))")
        let error = await #expect(throws: PostgresError.self) { try await first.value }
        #expect(error?.sqlState == .queryCanceled)
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(try await session.value("SELECT count(*) FROM t") == 0)
    }

    @Test func `a cancellation never hits the statement after`() async throws {
        let session = try await PostgresSession.test()
        for round in 0..<200 {
            let task = Task {
                try await session.execute(Statement("test.short", "SELECT pg_sleep(\(Double(round % 5) / 5000))"))
            }
            for _ in 0..<(round % 40) { await Task.yield() }
            task.cancel()
            if case .failure(let error) = await task.result { #expect(error is CancellationError) }
            #expect(try await session.value("SELECT \(round)") == round)
        }
    }

    @Test func `a statement past its limit is canceled, and the session stays usable`() async throws {
        let session = try await PostgresSession.test()
        let backend = try await session.backend
        let error = await #expect(throws: PostgresError.self) {
            try await session.execute(Statement("test.slow", within: .milliseconds(50), "SELECT pg_sleep(60)"))
        }
        #expect(error?.kind == .deadlineExceeded)
        #expect(error?.statement == "test.slow")
        #expect(try await session.backend == backend)
    }

    @Test func `a frozen server releases the caller, by limit and by cancellation`() async throws {
        var configuration = try await PostgresConfiguration.shared()
        configuration.cancelTimeout = .milliseconds(50)
        for isCanceled in [false, true] {
            let session = try PostgresSession(configuration, logger: quiet)
            let backend = try await session.backend
            kill(backend, SIGSTOP)
            defer { kill(backend, SIGCONT) }
            let limit: Duration = isCanceled ? .seconds(300) : .milliseconds(50)
            let task = Task { try await session.execute(Statement("test.frozen", within: limit, "SELECT 1")) }
            if isCanceled { task.cancel() }
            let result = await task.result
            let error = #expect(throws: (any Error).self) { try result.get() }
            if isCanceled {
                #expect(error is CancellationError)
            } else {
                #expect((error as? PostgresError)?.kind == .deadlineExceeded)
            }
        }
    }

    @Test func `after an abandoned statement the session is closed`() async throws {
        var configuration = try await PostgresConfiguration.shared()
        configuration.cancelTimeout = .milliseconds(50)
        let session = try PostgresSession(configuration, logger: quiet)
        let backend = try await session.backend
        kill(backend, SIGSTOP)
        defer { kill(backend, SIGCONT) }
        let statement = Statement("test.frozen", within: .milliseconds(50), "SELECT 1")
        let first = await #expect(throws: PostgresError.self) { try await session.execute(statement) }
        let second = await #expect(throws: PostgresError.self) { try await session.execute(statement) }
        #expect([first?.kind, second?.kind] == [.deadlineExceeded, .closed])
    }

    @Test func `a server process that is ended tells so`() async throws {
        let session = try await PostgresSession.test()
        let observer = try await PostgresSession.test()
        let backend = try await session.backend
        let task = Task { try await session.execute(long) }
        try await observer.until(
            "wait_event IS NOT DISTINCT FROM 'PgSleep' FROM pg_stat_activity WHERE pid = \(backend)"
        )
        try await observer.run("SELECT pg_terminate_backend(\(backend))")
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.sqlState == .adminShutdown)
        #expect(error?.isRetriable == true)
    }
}
