// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import SystemPackage

/// The server of one cluster, seen by the process that holds its lock.
struct ClusterServer: Sendable {
    let layout: ClusterLayout
    let directories: ClusterDirectories
    let installation: ServerInstallation
    let startLimit: Duration
    let logger: Logger

    /// Finds the installed server that fits the data directory.
    ///
    /// - Throws: ``LocalPostgresError`` when there is none.
    init(directories: ClusterDirectories, startLimit: Duration, logger: Logger) async throws {
        self.directories = directories
        self.startLimit = startLimit
        self.logger = logger
        layout = directories.layout
        guard let version = try Self.version(ofDataDirectory: directories.layout.data) else {
            installation = try await ServerInstallation.find()
            return
        }
        do {
            installation = try await ServerInstallation.find(majorVersion: version)
        } catch let error as LocalPostgresError where error.code == .versionMismatch {
            throw LocalPostgresError(
                .versionMismatch,
                "\(directories.layout.data) was made by Postgres \(version), but \(error.message)",
                remedy: "\(error.remedy) Or convert the directory with pg_upgrade; or move \(directories.layout.root) "
                    + "away to begin with an empty database."
            )
        }
    }

    /// The URL of the server that ``start(overrides:)`` starts.
    func connectionString(_ overrides: [String: String]) -> String {
        ClusterLayout.connectionString(
            socketDirectory: layout.socketDirectory,
            port: ClusterLayout.port,
            passwordFile: asksForPassword(overrides) ? layout.passwordFile : nil
        )
    }

    /// The URL of a running server; nil when its socket is not at the path that it reports.
    func connectionString(of running: PostmasterFile) -> String? {
        guard let directory = running.socketDirectory, let port = running.port,
            FileManager.default.fileExists(atPath: directory.appending(".s.PGSQL.\(port)").string)
        else { return nil }
        return ClusterLayout.connectionString(
            socketDirectory: directory,
            port: port,
            passwordFile: hasPassword ? layout.passwordFile : nil
        )
    }

    /// Waits until a server that is starting or stopping has finished.
    ///
    /// - Returns: The running server; nil when none runs.
    func settled() async throws -> PostmasterFile? {
        let deadline = ContinuousClock.now + startLimit
        while let file = running() {
            if file.status == "ready" { return file }
            guard ContinuousClock.now < deadline else {
                throw LocalPostgresError(
                    .busy,
                    "the server of \(layout.data) (pid \(file.pid)) has been '\(file.status ?? "starting")' for more "
                        + "than \(startLimit)",
                    remedy: "Look into \(layout.logs); a long recovery ends by itself."
                )
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }

    /// Starts the server on a data directory that no server runs on. Makes the cluster first when there is none.
    func start(overrides: [String: String]) async throws {
        if !FileManager.default.fileExists(atPath: layout.data.appending("PG_VERSION").string) {
            try await initialise(syncing: overrides["fsync"] != "off")
        }
        try await clearLeftovers()
        try write(ClusterSettings(layout: layout, overrides: overrides).text, to: layout.settings)
        if asksForPassword(overrides) { try await setPassword() }
        let arguments = [
            "start", "--pgdata", "data", "--log", "log/start.log", "--wait", "--silent",
            "--timeout", String(startLimit.components.seconds),
        ]
        // pg_ctl has a deadline of its own; the margin lets it report.
        let answer = try await run("pg_ctl", arguments, within: startLimit + .seconds(10))
        guard answer.succeeded else {
            throw failure("starting the server", answer, log: lastLines(of: layout.startLog))
        }
        try await makeDatabase()
        logger.info("Started a private Postgres server", metadata: ["pg.data": "\(layout.data)"])
    }

    /// Stops the server; returns at once when none runs.
    func stop(_ mode: LocalCluster.StopMode) async throws {
        guard running() != nil else { return }
        let limit: Duration = .seconds(60)
        let arguments = [
            "stop", "--pgdata", "data", "--mode", mode.rawValue, "--wait", "--silent",
            "--timeout", String(limit.components.seconds),
        ]
        let answer = try await run("pg_ctl", arguments, within: limit + .seconds(10))
        // A server that ended by itself meanwhile counts as stopped.
        guard answer.succeeded || running() == nil else { throw failure("stopping the server", answer) }
    }

    func running() -> PostmasterFile? {
        guard let data = ClusterDirectories.realPath(layout.data), let file = PostmasterFile(inDataDirectory: data),
            ServerProcesses.isServer(file.pid, in: data)
        else { return nil }
        return file
    }

    private static func version(ofDataDirectory directory: FilePath) throws -> Int? {
        let path = directory.appending("PG_VERSION")
        guard let bytes = FileManager.default.contents(atPath: path.string) else {
            guard (try? FileManager.default.contentsOfDirectory(atPath: directory.string))?.isEmpty ?? true else {
                throw LocalPostgresError(
                    .directoryUnusable,
                    "\(directory) holds files, but none named PG_VERSION: it is no Postgres data directory",
                    remedy: "Move it away, or choose another data directory."
                )
            }
            return nil
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let version = Int(text.prefix { $0.isNumber }) else {
            throw LocalPostgresError(
                .directoryUnusable,
                "\(path) does not begin with a version number",
                remedy: "Restore the directory from a backup, or move it away to begin with an empty database."
            )
        }
        return version
    }
}
