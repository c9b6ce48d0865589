// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Logging
package import SystemPackage

/// A private Postgres cluster on this machine, reachable over a unix socket alone.
///
/// The server does not belong to this process: it runs on when the process ends, and the next ``start()`` adopts it.
/// The next start also removes what a crash has left. Several processes may use one data directory; a lock file
/// serialises starting and stopping.
///
/// Only the server's user (and root) can enter the directory of the socket, and every connection needs a password
/// (SCRAM). The URL names the file beside the cluster that holds it.
package actor LocalCluster {
    /// How the server treats its sessions when it stops.
    package enum StopMode: String, Hashable, Sendable {
        /// Disconnects everyone, rolls back, and writes a checkpoint.
        case fast
        /// Ends at once, as in a crash; the next start recovers from the write-ahead log.
        case immediate
    }

    /// The database that ``start()`` makes and connects to.
    package static let database = "stoker"
    /// The role of the connection string, a superuser.
    package static let superuser = "stoker"

    /// Where the cluster is, in the subdirectory `postgres`.
    package nonisolated let dataDirectory: FilePath
    let temporaryDirectory: FilePath
    let overrides: [String: String]
    let startLimit: Duration
    let logger: Logger

    /// Touches nothing; ``start()`` does.
    ///
    /// - Parameters:
    ///   - dataDirectory: Made when missing. The cluster is in its subdirectory `postgres`.
    ///   - settings: Server settings that take precedence over the cluster's own. With `fsync` off, initdb does not
    ///     sync either.
    ///   - startLimit: How long initdb, and the start with its recovery, may each take.
    ///   - temporaryDirectory: Holds the socket directory when its path below `dataDirectory` would be too long for a
    ///     socket address (107 bytes on Linux).
    package init(
        dataDirectory: FilePath,
        settings: [String: String] = [:],
        startLimit: Duration = .seconds(120),
        temporaryDirectory: FilePath = "/tmp",
        logger: Logger
    ) {
        self.dataDirectory = dataDirectory
        self.temporaryDirectory = temporaryDirectory
        self.overrides = settings
        self.startLimit = startLimit
        self.logger = logger
    }

    /// Makes sure that the server runs, and returns the URL to connect with.
    ///
    /// A cluster that does not exist is made; one that runs is adopted as it is, with the settings it was started with.
    ///
    /// - Throws: ``LocalPostgresError``.
    package func start() async throws -> String {
        let directories = try ClusterDirectories(dataDirectory: dataDirectory, temporaryDirectory: temporaryDirectory)
        try directories.prepare()
        let lock = try await ClusterLock.acquire(directories.layout.lock, for: directories.account, within: startLimit)
        let server = try await ClusterServer(directories: directories, startLimit: startLimit, logger: logger)
        if let running = try await server.settled() {
            if !server.asksForPassword(overrides) || server.hasPassword,
                let connectionString = server.connectionString(of: running)
            {
                logger.debug("Adopted the running Postgres server", metadata: ["pg.pid": "\(running.pid)"])
                return connectionString
            }
            logger.warning("The running Postgres server has lost its socket, or asks for no password; restarting it")
            try await server.stop(.fast)
        }
        try await server.start(overrides: overrides)
        _ = consume lock
        return server.connectionString(overrides)
    }

    /// Stops the server, whoever started it; returns at once when none runs.
    ///
    /// Continues when the calling task is cancelled, since shutdown is when it is needed.
    package func stop(mode: StopMode = .fast) async throws {
        try await Task { try await self.stopServer(mode) }.value
    }

    /// The process id of the running server; nil when none runs.
    package var pid: Int32? {
        guard let data = resolvedData, let file = PostmasterFile(inDataDirectory: data) else { return nil }
        return ServerProcesses.isServer(file.pid, in: data) ? file.pid : nil
    }

    /// The process ids of the server and all its children, also of those that a killed server has left.
    package var processes: [Int32] {
        resolvedData.map(ServerProcesses.all(in:)) ?? []
    }

    private var resolvedData: FilePath? {
        ClusterDirectories.realPath(dataDirectory.appending("postgres/data"))
    }

    private func stopServer(_ mode: StopMode) async throws {
        guard resolvedData != nil else { return }
        let directories = try ClusterDirectories(dataDirectory: dataDirectory, temporaryDirectory: temporaryDirectory)
        let lock = try await ClusterLock.acquire(directories.layout.lock, for: directories.account, within: startLimit)
        try await ClusterServer(directories: directories, startLimit: startLimit, logger: logger).stop(mode)
        _ = consume lock
    }
}
