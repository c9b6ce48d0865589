// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgresClient
import Store
import Synchronization

/// Databases of a measurement's own on the configured server; all of them are dropped at its end.
final class ScratchDatabases: Sendable {
    private let server: Store
    private let configuration: PostgresConfiguration
    private let names = Mutex<[String]>([])

    private init(server: Store, configuration: PostgresConfiguration) {
        self.server = server
        self.configuration = configuration
    }

    /// Lends databases to the body, and drops them whether it succeeds or not.
    static func using<Result>(
        _ address: DatabaseAddress,
        _ body: (ScratchDatabases) async throws -> Result
    ) async throws -> Result {
        try await GlobalOptions.withStore(address, requiringSchema: false) { server in
            let databases = ScratchDatabases(server: server, configuration: address.directConfiguration)
            do {
                let result = try await body(databases)
                try await databases.drop()
                return result
            } catch {
                try await databases.drop()
                throw error
            }
        }
    }

    /// Makes a database; with the schema of this program, or a copy of another to which nobody is connected.
    func make(copying original: String? = nil) async throws -> String {
        let name = try await server.createScratchDatabase(copying: original)
        names.withLock { $0.append(name) }
        if original == nil {
            try await connect(to: name) { _ = try await $0.migrate() }
        }
        return name
    }

    /// Runs the body with up to so many sessions to the database.
    func connect<Result>(
        to name: String,
        sessions: Int = 1,
        _ body: (Store) async throws -> Result
    ) async throws -> Result {
        let logger = Logger(label: "stoker.bench", factory: { _ in SwiftLogNoOpLogHandler() })
        return try await PostgresPool.withPool(configuration(of: name), size: sessions, logger: logger) { pool in
            try await body(Store(pool: pool))
        }
    }

    /// How a listener or a pool of one's own gets to the database.
    func configuration(of name: String) -> PostgresConfiguration {
        var configuration = configuration
        configuration.database = name
        return configuration
    }

    private func drop() async throws {
        for name in names.withLock({ $0 }) { try await server.dropScratchDatabase(name) }
    }
}
