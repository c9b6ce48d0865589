// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import LocalPostgres

/// Which user the server runs as. Each case runs in a separate process, which can drop root.
@Suite(.enabled(if: geteuid() == 0, "needs root, to become other users"), .timeLimit(.minutes(2)))
struct AccountTests {
    @Test func `root's server runs as another user, in directories that only it can enter`() async throws {
        let cluster = try await TestArea.cluster()
        // Made by an administrator beforehand, and open to all.
        let root = cluster.dataDirectory.appending("postgres").string
        #expect(mkdir(root, 0o777) == 0 && chmod(root, 0o777) == 0)
        _ = try await cluster.start()
        let account = try ServerAccount.forThisProcess()
        #expect(account.userID != 0)
        let pid = try #require(await cluster.pid)
        #expect(try FileStatus(of: FilePath("/proc/\(pid)")).userID == account.userID)
        for name in ["", "data", "socket", "log"] {
            let status = try FileStatus(of: cluster.dataDirectory.appending("postgres").appending(name))
            #expect(status.permissions == 0o700)
            #expect(status.userID == account.userID)
        }
        try await cluster.stop(mode: .immediate)
    }

    @Test func `an unprivileged user's server runs as that user, and later as that user for root`() async throws {
        let area = try await TestArea.shared.makeDirectory()
        let data = area.appending("data").string
        #expect(mkdir(data, 0o755) == 0)
        let nobody = try #require(ServerAccount.lookUp("nobody"))
        #expect(chown(data, nobody.userID, nobody.groupID) == 0)
        await #expect(processExitsWith: .success) { [data = data as String] in
            try become("nobody")
            let cluster = LocalCluster(dataDirectory: FilePath(data), settings: fast, logger: .silent)
            let connection = try await cluster.start()
            #expect(try await psql(connection, "CREATE TABLE kept AS SELECT 7 AS value") == .said("SELECT 1"))
            try await cluster.stop()
        }
        let cluster = LocalCluster(dataDirectory: area.appending("data"), settings: fast, logger: .silent)
        let connection = try await cluster.start()
        #expect(try await psql(connection, "SELECT value FROM kept") == .said("7"))
        let pid = try #require(await cluster.pid)
        #expect(try FileStatus(of: FilePath("/proc/\(pid)")).userID == nobody.userID)
        try await cluster.stop(mode: .immediate)
    }

    @Test func `a directory that this user cannot write to is refused`() async throws {
        let area = try await TestArea.shared.makeDirectory().string
        await #expect(processExitsWith: .success) { [area = area as String] in
            try become("nobody")
            let error = try await refusal(LocalCluster(dataDirectory: FilePath(area), logger: .silent))
            #expect(
                error
                    == LocalPostgresError(
                        .directoryUnusable,
                        "\(area)/postgres cannot be used: Permission denied",
                        remedy: "Make it a directory that this user can write to, or choose another data directory."
                    )
            )
        }
    }

    @Test func `another user's cluster is refused`() async throws {
        let cluster = try await TestArea.cluster()
        _ = try await cluster.start()
        let data = cluster.dataDirectory.string
        await #expect(processExitsWith: .success) { [data = data as String] in
            try become("nobody")
            let error = try await refusal(LocalCluster(dataDirectory: FilePath(data), logger: .silent))
            #expect(error.code == .directoryUnusable)
            #expect(error.message.contains("is not a directory of the user the server runs as"))
        }
        try await cluster.stop(mode: .immediate)
    }

    @Test func `a directory that the server's user cannot reach is refused, and named`() async throws {
        let area = try await TestArea.shared.makeDirectory()
        #expect(chmod(area.string, 0o700) == 0)
        let cluster = LocalCluster(dataDirectory: area.appending("data"), logger: .silent)
        let error = try await refusal(cluster)
        #expect(error.code == .directoryUnusable)
        #expect(error.remedy == "Let it (`chmod a+x \(area)`), or choose another data directory.")
    }

    @Test func `a socket directory that someone else prepared is not trusted`() async throws {
        let area = try await TestArea.shared.makeDirectory()
        let deep = area.appending(String(repeating: "d", count: 100))
        let cluster = LocalCluster(dataDirectory: deep, temporaryDirectory: area, logger: .silent)
        let directories = try ClusterDirectories(dataDirectory: deep, temporaryDirectory: area)
        let prepared = directories.layout.socketDirectory
        #expect(mkdir(prepared.string, 0o777) == 0)
        #expect(chown(prepared.string, 12345, 12345) == 0)
        let error = try await refusal(cluster)
        #expect(error.message.contains("\(prepared) is not a directory of the user"))
        #expect(error.message.contains("but of uid 12345"))
    }
}

/// Drops root permanently.
private func become(_ name: String) throws {
    let account = try #require(ServerAccount.lookUp(name))
    try #require(setgroups(0, nil) == 0 && setgid(account.groupID) == 0 && setuid(account.userID) == 0)
}
