// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Logging
import SystemPackage

extension ClusterServer {
    /// Makes the cluster in a temporary directory, and renames it when it is complete.
    func initialise(syncing: Bool) async throws {
        try removeTree(layout.unfinishedData)
        var arguments = [
            "--pgdata", "data.unfinished", "--username", LocalCluster.superuser, "--encoding", "UTF8",
            "--locale", "C.UTF-8", "--auth-local", "trust", "--auth-host", "reject", "--data-checksums",
        ]
        if !syncing { arguments.append("--no-sync") }
        let answer = try await run("initdb", arguments, within: startLimit)
        guard answer.succeeded else { throw failure("making the cluster", answer) }
        do {
            let file = try FileDescriptor.open(
                layout.unfinishedData.appending("postgresql.conf"),
                .writeOnly,
                options: [.append, .closeOnExec]
            )
            _ = try file.closeAfter { try file.writeAll(ClusterSettings.include.utf8) }
        } catch {
            throw ClusterDirectories.unusable(layout.unfinishedData, error)
        }
        try write("", to: layout.unfinishedData.appending("stoker.conf"))
        guard rename(layout.unfinishedData.string, layout.data.string) == 0 else {
            throw ClusterDirectories.unusable(layout.data, Errno(rawValue: errno))
        }
        logger.info("Made a private Postgres cluster", metadata: ["pg.data": "\(layout.data)"])
    }

    /// Makes the database that connections use, unless it exists.
    func makeDatabase() async throws {
        let arguments = [
            "--host", layout.socketDirectory.string, "--port", String(ClusterLayout.port),
            "--username", LocalCluster.superuser, "--maintenance-db", "postgres", LocalCluster.database,
        ]
        let answer = try await Tool.run(
            installation.program("createdb"),
            arguments,
            as: directories.account,
            in: layout.root,
            environment: ["PGPASSFILE": layout.passwordFile.string],
            within: .seconds(60)
        )
        guard answer.succeeded || answer.output.contains("already exists") else {
            throw failure("making the database", answer)
        }
    }

    /// Replaces a file as a whole, readable by the server.
    func write(_ text: String, to path: FilePath) throws {
        var temporary = path
        temporary.extension = "new"
        do {
            let file = try FileDescriptor.open(
                temporary,
                .writeOnly,
                options: [.create, .truncate, .closeOnExec, .noFollow],
                permissions: .ownerReadWrite
            )
            _ = try file.closeAfter { try file.writeAll(text.utf8) }
        } catch {
            throw ClusterDirectories.unusable(temporary, error)
        }
        try directories.handOver(temporary)
        guard rename(temporary.string, path.string) == 0 else {
            throw ClusterDirectories.unusable(path, Errno(rawValue: errno))
        }
    }

    /// Runs a program of the server in the cluster's directory.
    ///
    /// Paths are relative to that directory: pg_ctl and initdb put them into shell commands between quotes, which a
    /// quote in a directory's name would end.
    func run(_ program: String, _ arguments: [String], within limit: Duration) async throws -> Tool.Answer {
        try await Tool.run(
            installation.program(program),
            arguments,
            as: directories.account,
            in: layout.root,
            within: limit
        )
    }

    func failure(_ activity: String, _ answer: Tool.Answer, log: String = "") -> LocalPostgresError {
        let said = [answer.output, log].filter { !$0.isEmpty }.joined(separator: "\n")
        return LocalPostgresError(
            .toolFailed,
            "\(activity) in \(layout.root) failed (\(answer.status)): \(said)",
            remedy: "The server's log is in \(layout.logs)."
        )
    }

    func lastLines(of path: FilePath) -> String {
        guard let bytes = FileManager.default.contents(atPath: path.string) else { return "" }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(10).joined(separator: "\n")
    }

    func removeTree(_ path: FilePath) throws {
        guard FileManager.default.fileExists(atPath: path.string) else { return }
        do {
            try FileManager.default.removeItem(atPath: path.string)
        } catch {
            throw ClusterDirectories.unusable(path, error)
        }
    }
}
