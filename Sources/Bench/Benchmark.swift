// SPDX-License-Identifier: Apache-2.0

package import LocalPostgres
import Logging
package import PostgresClient
import ServiceLifecycle
package import Store

/// A measurement of `stoker bench`.
package protocol Benchmark: Sendable {
    /// The command's name.
    static var name: String { get }

    /// Measures, in separate databases on the server.
    func figures(on server: BenchServer) async throws -> [BenchFigure]
}

extension Benchmark {
    /// Measures, and leaves nothing behind.
    ///
    /// - Parameters:
    ///   - store: A database of the server, whose role may create others.
    ///   - configuration: The direct connection to it.
    ///   - version: This program's version.
    ///   - pgbench: What floors are measured with; `nil`: not installed, so figures stand without them.
    ///   - note: Called with a description of each step.
    package func report(
        _ store: Store,
        _ configuration: PostgresConfiguration,
        version: String,
        pgbench: Pgbench?,
        note: @escaping @Sendable (String) throws -> Void
    ) async throws -> BenchReport {
        let machine = try await BenchMachine(store, version: version, pgbench: pgbench?.version)
        let server = BenchServer(store, configuration, pgbench: pgbench, note: note)
        let figures: [BenchFigure]
        do {
            figures = try await self.figures(on: server)
        } catch {
            // In a task of its own, because this one may be canceled.
            try await Task { try await server.dropDatabases() }.value
            throw error
        }
        try await server.dropDatabases()
        return BenchReport(bench: Self.name, machine: machine, figures: figures)
    }
}

/// A measurement without a result.
package struct BenchError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Measured code does not log.
let silence = Logger(label: "stoker.bench", factory: { _ in SwiftLogNoOpLogHandler() })

/// Performs the body beside services, and waits for their end.
func withServices<Result>(_ services: [any Service], _ body: () async throws -> Result) async throws -> Result {
    let group = ServiceGroup(
        configuration: .init(services: services.map { .init(service: $0) }, logger: silence)
    )
    async let running: Void = group.run()
    do {
        let result = try await body()
        await group.triggerGracefulShutdown()
        try await running
        return result
    } catch {
        await group.triggerGracefulShutdown()
        // The error that ended the services is the cause of the body's.
        try await running
        throw error
    }
}

extension ContinuousClock.Instant {
    /// The time since then.
    var milliseconds: Double { duration(to: .now) / .milliseconds(1) }
    /// The time since then, never zero, so that it can be a divisor.
    var seconds: Double { max(duration(to: .now) / .seconds(1), .ulpOfOne) }
}

extension Store {
    /// Executes a statement of a measurement.
    @discardableResult
    func bench(_ sql: SQL) async throws -> QueryResult {
        try await pool.execute(Statement("bench", within: .seconds(1_800), sql))
    }

    /// Executes statements of a measurement in one transaction.
    func bench(all statements: SQL...) async throws {
        _ = try await pool.executeBatch(statements.map { Statement("bench", within: .seconds(1_800), $0) })
    }

    /// Executes a statement that cannot be in a transaction.
    func benchScript(_ sql: SQL) async throws {
        try await pool.withSession { session in
            try await session.executeScript(Statement("bench", within: .seconds(1_800), sql))
        }
    }

    /// Updates the server's statistics, as autovacuum does over time.
    func settle() async throws {
        try await benchScript("VACUUM ANALYZE")
    }
}
