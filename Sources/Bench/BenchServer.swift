// SPDX-License-Identifier: Apache-2.0

import LocalPostgres
import PostgresClient
import Store
import Synchronization

/// The server of a measurement. It provides databases.
package final class BenchServer: Sendable {
    private let store: Store
    private let configuration: PostgresConfiguration
    /// What floors are measured with; `nil`: not installed.
    let pgbench: Pgbench?
    /// Called with the current step.
    let note: @Sendable (String) throws -> Void
    private let names = Mutex<[String]>([])

    init(
        _ store: Store,
        _ configuration: PostgresConfiguration,
        pgbench: Pgbench?,
        note: @escaping @Sendable (String) throws -> Void
    ) {
        self.store = store
        self.configuration = configuration
        self.pgbench = pgbench
        self.note = note
    }

    /// Creates a database and returns its name: with this program's schema unless it is not wanted, or as a copy of a
    /// database without connections.
    func makeDatabase(copying original: String? = nil, migrated: Bool = true) async throws -> String {
        let name = "stoker_bench_\(UInt32.random(in: 0 ... .max))"
        let template = original ?? "template1"
        try await store.benchScript("CREATE DATABASE \(identifier: name) TEMPLATE \(identifier: template)")
        names.withLock { $0.append(name) }
        if original == nil, migrated {
            try await connect(to: name) { _ = try await $0.migrate() }
        }
        return name
    }

    /// Performs the body with so many sessions to a database, connected already.
    func connect<Result>(
        to name: String,
        sessions: Int = 1,
        _ body: (Store) async throws -> Result
    ) async throws -> Result {
        try await PostgresPool.withPool(configuration(of: name), size: sessions, logger: silence) { pool in
            let store = Store(pool: pool)
            try await withThrowingDiscardingTaskGroup { group in
                // A pause, so that none of them does with another's session.
                for _ in 0..<sessions { group.addTask { try await store.bench("SELECT pg_sleep(0.1)") } }
            }
            return try await body(store)
        }
    }

    /// The connection of a separate listener or pool to a database.
    func configuration(of name: String) -> PostgresConfiguration {
        var configuration = configuration
        configuration.database = name
        return configuration
    }

    /// Drops all created databases, and ends their sessions.
    func dropDatabases() async throws {
        for name in names.withLock({ $0 }) {
            try await store.benchScript("DROP DATABASE IF EXISTS \(identifier: name) WITH (FORCE)")
        }
    }
}
