// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct PoolTests {
    /// Takes the pool's only session until `release` is called.
    private struct Holder {
        let backend: Int32
        let release: @Sendable () async throws -> Void

        init(_ pool: PostgresPool) async throws {
            let (backends, announce) = AsyncStream<Int32>.makeStream()
            let (gate, open) = AsyncStream<Never>.makeStream()
            let task = Task {
                try await pool.withSession { session in
                    announce.yield(try await session.backend)
                    for await _ in gate {}
                }
            }
            backend = try #require(await backends.first { _ in true })
            release = {
                open.finish()
                try await task.value
            }
        }
    }

    private func until(_ pool: PostgresPool, waiting count: Int) async {
        while pool.counts.waiting != count { await Task.yield() }
    }

    @Test func `a pool connects no more sessions than its size`() async throws {
        let pool = try await PostgresPool.test(size: 3)
        let backends = try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<30 {
                group.addTask { try await pool.value("SELECT pg_backend_pid() FROM pg_sleep(0.001)") }
            }
            var backends: Set<Int32> = []
            for try await backend in group { backends.insert(backend) }
            return backends
        }
        #expect((1...3).contains(backends.count))
        #expect(pool.counts == .init(idle: backends.count, leased: 0, waiting: 0))
    }

    @Test func `waiting is bounded`() async throws {
        let pool = try await PostgresPool.test(size: 1, maximumWait: .milliseconds(20))
        let holder = try await Holder(pool)
        let error = await #expect(throws: PostgresError.self) { try await pool.run("SELECT 1") }
        #expect(error?.kind == .poolExhausted)
        #expect(pool.counts == .init(idle: 0, leased: 1, waiting: 0))
        try await holder.release()
        #expect(try await pool.backend == holder.backend)
    }

    @Test func `callers are served in order of arrival`() async throws {
        let pool = try await PostgresPool.test(size: 1)
        let holder = try await Holder(pool)
        let served = Log()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 1...20 {
                group.addTask {
                    try await pool.withSession { _ in served.append(index) }
                }
                await until(pool, waiting: index)
            }
            try await holder.release()
            for try await _ in group {}
        }
        #expect(served.entries == Array(1...20))
    }

    @Test func `a canceled caller leaves the queue`() async throws {
        let pool = try await PostgresPool.test(size: 1)
        let holder = try await Holder(pool)
        let first = Task { try await pool.backend }
        await until(pool, waiting: 1)
        let second = Task { try await pool.backend }
        await until(pool, waiting: 2)
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(pool.counts.waiting == 1)
        try await holder.release()
        #expect(try await second.value == holder.backend)
        #expect(pool.counts == .init(idle: 1, leased: 0, waiting: 0))
    }

    @Test func `a session broken in use is replaced`() async throws {
        let pool = try await PostgresPool.test(size: 1)
        let error = await #expect(throws: PostgresError.self) {
            try await pool.run("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)")
        }
        #expect(error?.sqlState == .adminShutdown)
        #expect(try await pool.value("SELECT 1") == 1)
    }

    @Test func `a session broken while idle is replaced before anyone notices`() async throws {
        let pool = try await PostgresPool.test(size: 1)
        let observer = try await PostgresSession.test()
        for _ in 0..<20 {
            let backend = try await pool.backend
            try await observer.run("SELECT pg_terminate_backend(\(backend))")
            try await observer.until("count(*) = 0 FROM pg_stat_activity WHERE pid = \(backend)")
            #expect(try await pool.backend != backend)
        }
    }

    @Test func `a session left inside a transaction is not handed on, and lets go of its locks at once`() async throws {
        let pool = try await PostgresPool.test(size: 1)
        let observer = try await PostgresSession.test()
        let backend = try await pool.withSession { session in
            try await session.run("BEGIN")
            return try await session.backend
        }
        #expect(pool.counts == .init(idle: 0, leased: 0, waiting: 0))
        try await observer.until("count(*) = 0 FROM pg_stat_activity WHERE pid = \(backend)")
        #expect(try await pool.backend != backend)
    }

    @Test func `closing waits for the sessions in use and turns the others away`() async throws {
        let pool = try await PostgresPool.test(size: 1)
        let holder = try await Holder(pool)
        let waiting = Task { try await pool.backend }
        await until(pool, waiting: 1)
        let closing = Task { await pool.close() }
        let turnedAway = await #expect(throws: PostgresError.self) { try await waiting.value }
        let tooLate = await #expect(throws: PostgresError.self) { try await pool.backend }
        #expect([turnedAway?.kind, tooLate?.kind] == [.closed, .closed])
        #expect(pool.counts.leased == 1)
        try await holder.release()
        await closing.value
        await pool.close()
        #expect(pool.counts == .init(idle: 0, leased: 0, waiting: 0))
    }
}
