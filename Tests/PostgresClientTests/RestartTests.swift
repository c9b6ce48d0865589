// SPDX-License-Identifier: Apache-2.0

import LocalPostgres
import TestSupport
import Testing

@testable import PostgresClient

@Suite(.cluster, .timeLimit(.minutes(1))) struct RestartTests {
    private var configuration: PostgresConfiguration {
        var configuration = PostgresConfiguration(TestCluster.current.connectionString, applicationName: "tests")
        configuration.cancelTimeout = .milliseconds(50)
        return configuration
    }

    @Test func `a pool serves again after a restart of the server, as if nothing had been`() async throws {
        let pool = PostgresPool(configuration, size: 4, logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try await pool.run("SELECT pg_sleep(0.01)") } }
            for try await _ in group {}
        }
        _ = try await TestCluster.current.cluster.restart(mode: .immediate)
        #expect(try await pool.value("SELECT 1") == 1)
        try await pool.withTransaction("test.restarted", attempts: 1) { try await $0.run("SELECT 1") }
    }

    @Test func `a listener listens again after a restart of the server`() async throws {
        var timing = PostgresListener.Timing()
        timing.shortestPause = .milliseconds(5)
        let listener = PostgresListener(configuration: configuration, channels: ["jobs"], timing: timing, logger: quiet)
        let task = Task { try await listener.run() }
        defer { task.cancel() }
        var events = listener.events.makeAsyncIterator()
        #expect(await events.next() == .listening)
        _ = try await TestCluster.current.cluster.restart(mode: .immediate)
        #expect(await events.next() == .reconnected)
        let session = try PostgresSession(configuration, logger: quiet)
        try await session.run("SELECT pg_notify('jobs', 'after')")
        #expect(await events.next() == .notification(channel: "jobs", payload: "after"))
    }

    @Test func `a server frozen whole releases every caller, and those who wait for a session`() async throws {
        let pool = PostgresPool(configuration, size: 2, maximumWait: .seconds(30), logger: quiet)
        _ = try await pool.value("SELECT 1", as: Int.self)
        try await TestCluster.current.frozen {
            try await withThrowingTaskGroup(of: PostgresError.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        let statement = Statement("test.frozen", within: .milliseconds(50), "SELECT 1")
                        do {
                            _ = try await pool.execute(statement)
                            return PostgresError(.misuse, "a frozen server answered")
                        } catch let error as PostgresError {
                            return error
                        }
                    }
                }
                // The first finds its session connected; the others cannot connect.
                for try await error in group { #expect([.deadlineExceeded, .connection].contains(error.kind)) }
            }
        }
        #expect(try await pool.value("SELECT 1") == 1)
    }
}
