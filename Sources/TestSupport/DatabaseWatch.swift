// SPDX-License-Identifier: Apache-2.0

import Basics
import Logging
package import PostgresClient
package import Store

/// Waits for a condition in the database: checks it again whenever a notification arrives.
package struct DatabaseWatch: Sendable {
    package let store: Store
    private let changes = TestSignalCounter()

    /// Runs the body with a watch on the database.
    package static func on<Result>(
        _ connectionString: String,
        _ body: (DatabaseWatch) async throws -> Result
    ) async throws -> Result {
        let logger = Logger(label: "test.watch", factory: { _ in SwiftLogNoOpLogHandler() })
        let configuration = PostgresConfiguration(connectionString, applicationName: "watch")
        let pool = PostgresPool(configuration, size: 2, logger: logger)
        let watch = DatabaseWatch(store: Store(pool: pool))
        let listener = PostgresListener(
            configuration: configuration,
            channels: [
                Channel.finished, Channel.reconcile, Channel.jobs, Channel.events, Channel.logs, Channel.workers,
            ],
            logger: logger
        )
        let listening = Task { try await listener.run() }
        let forwarding = Task { for await _ in listener.events { watch.changes.bump() } }
        defer {
            listening.cancel()
            forwarding.cancel()
        }
        return try await withCleanup(pool.close) { try await body(watch) }
    }

    /// Waits until the look returns something; fails with the expectation and the last look's description.
    package func until<Value: Sendable>(
        _ expectation: String,
        within limit: Duration = .seconds(90),
        _ look: () async throws -> Value?
    ) async throws -> Value {
        let deadline = ContinuousClock.now + limit
        while true {
            let seen = changes.count
            if let value = try await look() { return value }
            let remaining = ContinuousClock.now.duration(to: deadline)
            guard remaining > .zero else { throw TimedOut(expectation, after: limit) }
            // A second at most: not every awaited change is announced.
            await changes.wait(beyond: seen, atMost: min(remaining, .seconds(1)))
        }
    }

    /// The first column of every row.
    package func column(_ sql: SQL) async throws -> [String] {
        try await store.pool.execute("test.column", sql).map { try $0.decode(String.self) }
    }

    /// One number.
    package func number(_ sql: SQL) async throws -> Int {
        let rows = try await store.pool.execute("test.number", sql)
        return try rows.first?.decode(Int.self) ?? 0
    }

    /// Waits until a number in the database is as expected.
    package func until(
        _ expectation: String,
        _ sql: SQL,
        is expected: Int,
        within limit: Duration = .seconds(60)
    ) async throws {
        _ = try await until(expectation, within: limit) { try await number(sql) == expected ? true : nil }
    }
}

/// A count that can be waited on.
final class TestSignalCounter: Sendable {
    private let state = WatchedState(0)

    var count: Int { state.current }

    func bump() { state.update { $0 += 1 } }

    func wait(beyond seen: Int, atMost limit: Duration) async {
        _ = try? await state.first("a change", within: limit) { $0 > seen ? $0 : nil }
    }
}
