// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import SystemPackage

/// An installed Postgres server: where its programs are, and its major version.
package struct ServerInstallation: Hashable, Sendable {
    /// The directory of `postgres`, `initdb` and `pg_ctl`.
    package let binaries: FilePath
    /// 15, 16, ...: data directories are compatible within one.
    package let majorVersion: Int

    package init(binaries: FilePath, majorVersion: Int) {
        self.binaries = binaries
        self.majorVersion = majorVersion
    }

    /// The path of one of the server's programs.
    package func program(_ name: String) -> FilePath {
        binaries.appending(name)
    }

    /// Where servers are looked for, in order of preference.
    struct SearchPaths: Sendable {
        /// The directories of `PATH`.
        var path: [FilePath]
        /// Directories that hold one directory per major version, as Debian and the PGDG packages lay them out.
        var versioned: [FilePath] = ["/usr/lib/postgresql", "/usr/local/lib/postgresql"]
        /// Directories outside PATH where other distributions put the one server they have.
        var single: [FilePath] = ["/usr/local/pgsql/bin", "/usr/libexec/postgresql"]

        init(path: String) {
            self.path = path.split(separator: ":").map { FilePath(String($0)) }
        }
    }

    /// Finds a server.
    ///
    /// Asked for a major version, only such a server is returned. Otherwise the one on PATH wins, then the one that
    /// `pg_config --bindir` names, then the newest of the versioned directories.
    ///
    /// - Throws: ``LocalPostgresError`` with the packages to install when there is none.
    package static func find(majorVersion: Int? = nil) async throws -> ServerInstallation {
        try await find(majorVersion: majorVersion, in: SearchPaths(path: Tool.searchPath))
    }

    static func find(majorVersion: Int?, in paths: SearchPaths) async throws -> ServerInstallation {
        var found: [ServerInstallation] = []
        for directory in await candidates(in: paths) {
            guard let installation = await probe(directory) else { continue }
            if majorVersion == nil || installation.majorVersion == majorVersion { return installation }
            found.append(installation)
        }
        guard let majorVersion else {
            throw LocalPostgresError(
                .serverNotFound,
                "no Postgres server is installed: initdb and postgres are neither on PATH nor in /usr/lib/postgresql",
                remedy: "Install one (Debian, Ubuntu: `apt-get install postgresql`; Fedora: `dnf install "
                    + "postgresql-server`; Alpine: `apk add postgresql`), or set STOKER_DATABASE_URL to a database that "
                    + "exists."
            )
        }
        let installed = found.isEmpty ? "none" : found.map { String($0.majorVersion) }.joined(separator: ", ")
        throw LocalPostgresError(
            .versionMismatch,
            "no Postgres \(majorVersion) server is installed (installed: \(installed))",
            remedy: "Install it (Debian, Ubuntu: `apt-get install postgresql-\(majorVersion)`)."
        )
    }

    /// The directories in which a server's programs may be.
    static func candidates(in paths: SearchPaths) async -> [FilePath] {
        var candidates = paths.path
        for directory in paths.path where isExecutable(directory.appending("pg_config")) {
            let answer = try? await Tool.run(directory.appending("pg_config"), ["--bindir"], within: .seconds(10))
            if let answer, answer.succeeded { candidates.append(FilePath(answer.output)) }
        }
        for parent in paths.versioned {
            let versions = (try? FileManager.default.contentsOfDirectory(atPath: parent.string)) ?? []
            candidates += versions.compactMap { Int($0) }.sorted(by: >).map { parent.appending("\($0)/bin") }
        }
        return candidates + paths.single
    }

    /// The server in the directory; nil when a program is missing or does not say its version.
    private static func probe(_ candidate: FilePath) async -> ServerInstallation? {
        // PATH may hold links to some of the programs; the others are where the links lead.
        guard let postgres = ClusterDirectories.realPath(candidate.appending("postgres")) else { return nil }
        let directory = postgres.removingLastComponent()
        let programs = ["postgres", "initdb", "pg_ctl", "createdb"]
        guard programs.allSatisfy({ isExecutable(directory.appending($0)) }) else { return nil }
        // The reason for a failure does not matter here: a program that cannot run is no server.
        guard let answer = try? await Tool.run(directory.appending("postgres"), ["--version"], within: .seconds(10)),
            answer.succeeded, let version = majorVersion(ofAnswer: answer.output)
        else { return nil }
        return ServerInstallation(binaries: directory, majorVersion: version)
    }

    /// Reads `postgres (PostgreSQL) 15.7 (Debian 15.7-0+deb12u1)`, `... 18beta1`, `... 9.6.24` (whose major is 9).
    static func majorVersion(ofAnswer answer: String) -> Int? {
        guard let word = answer.split(separator: " ").first(where: { $0.first?.isNumber ?? false }) else { return nil }
        return Int(word.prefix { $0.isNumber })
    }

    static func isExecutable(_ path: FilePath) -> Bool {
        FileManager.default.isExecutableFile(atPath: path.string)
    }
}
