// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import SystemPackage

/// `pgbench`, the load generator that comes with Postgres: a C client that runs scripts of SQL.
package struct Pgbench: Hashable, Sendable {
    let program: FilePath
    /// What it says of itself, such as `pgbench (PostgreSQL) 15.7`.
    package let version: String

    /// Finds it: on PATH, else where ``ServerInstallation`` looks for a server's programs.
    ///
    /// - Parameter program: The one to use; `nil`: look for one.
    /// - Returns: `nil` when none is installed.
    /// - Throws: ``LocalPostgresError`` when the named program is no pgbench.
    package static func find(_ program: FilePath? = nil) async throws -> Pgbench? {
        try await find(program, in: ServerInstallation.SearchPaths(path: Tool.searchPath))
    }

    static func find(_ program: FilePath?, in paths: ServerInstallation.SearchPaths) async throws -> Pgbench? {
        guard let program else {
            for directory in await ServerInstallation.candidates(in: paths) {
                if let found = await probe(directory.appending("pgbench")) { return found }
            }
            return nil
        }
        guard let found = await probe(program) else {
            throw LocalPostgresError(
                .toolFailed,
                "\(program) does not answer as pgbench does",
                remedy: "Name the program, such as /usr/lib/postgresql/15/bin/pgbench."
            )
        }
        return found
    }

    private static func probe(_ program: FilePath) async -> Pgbench? {
        guard ServerInstallation.isExecutable(program) else { return nil }
        // The reason for a failure does not matter here: a program that cannot run is no pgbench.
        guard let answer = try? await Tool.run(program, ["--version"], within: .seconds(10)), answer.succeeded,
            answer.output.hasPrefix("pgbench ")
        else { return nil }
        return Pgbench(program: program, version: answer.output)
    }

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - arguments: Never a password: other users of the machine see them.
    ///   - connection: libpq's connection string, handed over in the environment, beside libpq's variables of this process.
    ///   - directory: Where it writes its logs.
    ///   - limit: When to kill it.
    /// - Returns: Its report.
    /// - Throws: ``LocalPostgresError`` when it fails, or outlives its limit.
    package func run(
        _ arguments: [String],
        on connection: String,
        in directory: FilePath,
        within limit: Duration
    ) async throws -> String {
        var variables = ProcessInfo.processInfo.environment.filter { $0.key.hasPrefix("PG") || $0.key == "HOME" }
        // pgbench hands it to libpq, which expands it.
        variables["PGDATABASE"] = connection
        let answer = try await Tool.run(program, arguments, in: directory, environment: variables, within: limit)
        guard answer.succeeded else {
            throw LocalPostgresError(
                .toolFailed,
                "pgbench failed: \(answer.output.suffix(1_000))",
                remedy: "Check that it is no older than the server, and reaches it as this program does."
            )
        }
        return answer.output
    }
}
