// SPDX-License-Identifier: Apache-2.0

import LocalPostgres
import Logging
import Subprocess
import SystemPackage

/// The private server that all tests of this process share, started when the first one needs it.
package actor PostgresServer {
    package static let shared = PostgresServer()

    /// Data need not survive a power failure, and any number of tests may be connected.
    static let settings = [
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "400",
        "shared_buffers": "64MB",
        "jit": "off",
        "logging_collector": "off",
        // The rules that initdb writes: everybody who can reach the socket may connect. Tests have many roles, and no
        // secrets.
        "hba_file": "data/pg_hba.conf",
    ]

    private struct Running: Sendable {
        let connectionString: String
        let installation: ServerInstallation
    }

    private var starting: Task<Running, any Error>?
    private var templates: [String: Task<Void, any Error>] = [:]
    private var databaseCount = 0

    /// The connection string of the server's first database, for tests that need a server and leave nothing in it.
    package var connectionString: String {
        get async throws { try await running().connectionString }
    }

    /// Makes a database, empty or a copy of the template.
    func makeDatabase(_ template: DatabaseTemplate?) async throws -> TestDatabase {
        let running = try await running()
        databaseCount += 1
        let name = "test_\(databaseCount)"
        if let template {
            try await prepare(template, on: running)
            try await administer(running, "createdb", ["--template", Self.name(of: template), name])
        } else {
            try await administer(running, "createdb", [name])
        }
        return TestDatabase(name: name, connectionString: Self.url(running.connectionString, database: name))
    }

    /// Drops the database, ending whatever is still connected to it.
    func drop(_ database: TestDatabase) async throws {
        try await administer(running(), "dropdb", ["--force", "--if-exists", database.name])
    }

    private func prepare(_ template: DatabaseTemplate, on running: Running) async throws {
        if let preparing = templates[template.name] { return try await preparing.value }
        let name = Self.name(of: template)
        // Detached: the first test must not pass its task-local values to the template.
        let preparing = Task.detached {
            try await self.administer(running, "createdb", [name])
            try await template.prepare(Self.url(running.connectionString, database: name))
        }
        templates[template.name] = preparing
        try await preparing.value
    }

    private func running() async throws -> Running {
        if let starting { return try await starting.value }
        let starting = Task.detached {
            let cluster = LocalCluster(
                dataDirectory: try await TestArea.shared.makeDirectory("server"),
                settings: Self.settings,
                logger: Logger(label: "test.postgres", factory: { _ in SwiftLogNoOpLogHandler() })
            )
            return Running(
                connectionString: try await cluster.start(),
                installation: try await ServerInstallation.find()
            )
        }
        self.starting = starting
        return try await starting.value
    }

    /// Runs one of Postgres' own programs, so that tests of the client do not depend on the client.
    private func administer(_ running: Running, _ program: String, _ arguments: [String]) async throws {
        let outcome = try await Subprocess.run(
            .path(running.installation.program(program)),
            arguments: Arguments(["--maintenance-db", running.connectionString] + arguments),
            environment: .custom(["PATH": "/usr/bin:/bin", "LC_ALL": "C"]),
            output: .discarded,
            error: .string(limit: 64 * 1024)
        )
        guard outcome.terminationStatus.isSuccess else {
            throw AdministrationFailure(program: program, arguments: arguments, message: outcome.standardError)
        }
    }

    private static func name(of template: DatabaseTemplate) -> String { "template_\(template.name)" }

    /// The same server, another database.
    private static func url(_ connectionString: String, database: String) -> String {
        guard let query = connectionString.firstIndex(of: "?") else { return connectionString }
        return "postgresql:///\(database)\(connectionString[query...])"
    }

    private struct AdministrationFailure: Error, CustomStringConvertible {
        let program: String
        let arguments: [String]
        let message: String

        var description: String { "\(program) \(arguments.joined(separator: " ")): \(message)" }
    }
}
