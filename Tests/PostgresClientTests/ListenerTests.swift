// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import PostgresClient

@Suite(.timeLimit(.minutes(1))) struct ListenerTests {
    /// A running listener, recognizable in `pg_stat_activity`.
    private struct Running {
        let name = "listener \(UInt64.random(in: 0 ... .max))"
        let channel = "Channel \(UInt64.random(in: 0 ... .max)) \"quoted\""
        let observer: PostgresSession
        let listener: PostgresListener
        let task: Task<Void, any Error>

        init(timing: PostgresListener.Timing = .init(), bufferSize: Int = 100) async throws {
            var configuration = try await PostgresConfiguration.shared()
            configuration.applicationName = name
            configuration.cancelTimeout = .milliseconds(50)
            observer = try await PostgresSession.test()
            let listener = PostgresListener(
                configuration: configuration,
                channels: [channel],
                timing: timing,
                bufferSize: bufferSize,
                logger: quiet
            )
            self.listener = listener
            task = Task { try await listener.run() }
        }

        func notify(_ payload: String) async throws {
            try await observer.run("SELECT pg_notify(\(channel), \(payload))")
        }

        var backend: Int32 {
            get async throws {
                try await observer.value("SELECT pid FROM pg_stat_activity WHERE application_name = \(name)")
            }
        }

        /// Returns when a new heartbeat has begun.
        func untilHeartbeat() async throws {
            let now: String = try await observer.value("SELECT clock_timestamp()::text")
            try await observer.until(
                """
                count(*) = 1 FROM pg_stat_activity
                WHERE application_name = \(name) AND query LIKE '%pg_notify%' AND query_start > \(now)::timestamptz
                """
            )
        }

        func notification(_ payload: String) -> ListenerEvent {
            .notification(channel: channel, payload: payload)
        }
    }

    private var fast: PostgresListener.Timing {
        var timing = PostgresListener.Timing()
        timing.heartbeat = .milliseconds(20)
        timing.heartbeatTimeout = .seconds(30)
        timing.shortestPause = .milliseconds(5)
        return timing
    }

    @Test func `notifications arrive in order, each once`() async throws {
        let running = try await Running()
        var events = running.listener.events.makeAsyncIterator()
        #expect(await events.next() == .listening)
        for payload in ["", "žluť", "2"] {
            try await running.notify(payload)
            #expect(await events.next() == running.notification(payload))
        }
        running.task.cancel()
        await #expect(throws: CancellationError.self) { try await running.task.value }
        #expect(await events.next() == nil)
    }

    @Test func `the listener survives the end of its server process, and says so`() async throws {
        let running = try await Running(timing: fast)
        defer { running.task.cancel() }
        var events = running.listener.events.makeAsyncIterator()
        #expect(await events.next() == .listening)
        for round in 1...3 {
            try await running.observer.run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = \(running.name)"
            )
            #expect(await events.next() == .reconnected)
            try await running.notify("\(round)")
            #expect(await events.next() == running.notification("\(round)"))
        }
    }

    @Test func `a server that falls silent is noticed`() async throws {
        var timing = fast
        timing.heartbeatTimeout = .milliseconds(500)
        let running = try await Running(timing: timing)
        defer { running.task.cancel() }
        var events = running.listener.events.makeAsyncIterator()
        #expect(await events.next() == .listening)
        let frozen = try await running.backend
        kill(frozen, SIGSTOP)
        defer { kill(frozen, SIGCONT) }
        #expect(await events.next() == .reconnected)
    }

    @Test func `heartbeats leave a healthy connection alone`() async throws {
        let running = try await Running(timing: fast)
        defer { running.task.cancel() }
        var events = running.listener.events.makeAsyncIterator()
        #expect(await events.next() == .listening)
        let first = try await running.backend
        for _ in 0..<3 { try await running.untilHeartbeat() }
        #expect(try await running.backend == first)
    }

    @Test func `a connection that hears nothing is not trusted`() async throws {
        let listener = PostgresListener(
            configuration: try await .shared(),
            channels: [],
            timing: fast,
            logger: quiet
        )
        let deaf = try await PostgresSession.test()
        let error = await #expect(throws: PostgresError.self) { try await listener.checkHeartbeat(of: deaf) }
        #expect(error?.kind == .connection)
    }

    @Test func `a slow reader is told that it missed something`() async throws {
        let running = try await Running(timing: fast, bufferSize: 3)
        defer { running.task.cancel() }
        try await running.untilHeartbeat()
        // One transaction: its notifications arrive together.
        try await running.observer.run(
            "SELECT pg_notify(\(running.channel), n::text) FROM generate_series(1, 100) AS n"
        )
        // The first may have been sent before; at the second, all have been passed on.
        for _ in 0..<2 { try await running.untilHeartbeat() }
        var events = running.listener.events.makeAsyncIterator()
        #expect(await events.next() == running.notification("99"))
        #expect(await events.next() == running.notification("100"))
        #expect(await events.next() == .reconnected)
    }

    @Test func `a server that is not there yet is waited for`() async throws {
        let database = "late\(UInt64.random(in: 0 ... .max))"
        let observer = try await PostgresSession.test()
        let listener = PostgresListener(
            configuration: try await .shared("&dbname=\(database)"),
            channels: ["jobs"],
            timing: fast,
            logger: quiet
        )
        let task = Task { try await listener.run() }
        defer { task.cancel() }
        try await observer.executeScript(Statement("test.create", "CREATE DATABASE \(identifier: database)"))
        var events = listener.events.makeAsyncIterator()
        #expect(await events.next() == .listening)
    }
}
