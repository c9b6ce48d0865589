// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import LocalPostgres

/// Where a cluster cannot be created or started, and whether the error helps.
@Suite(.timeLimit(.minutes(1)))
struct RefusalTests {
    @Test func `a data directory of another version is refused with what to do`() async throws {
        let cluster = try await TestArea.cluster()
        _ = try await cluster.start()
        try await cluster.stop(mode: .immediate)
        let versionFile = cluster.dataDirectory.appending("postgres/data/PG_VERSION")
        try write("11\n", to: versionFile)
        let error = try await refusal(cluster)
        #expect(error.code == .versionMismatch)
        #expect(error.message.contains("postgres/data was made by Postgres 11, but no Postgres 11 server is installed"))
        #expect(error.remedy.contains("`apt-get install postgresql-11`"))
        #expect(error.remedy.contains("pg_upgrade"))
        #expect(await cluster.pid == nil)
    }

    @Test func `a damaged version file and a directory of other things are refused`() async throws {
        let cluster = try await TestArea.cluster()
        let data = cluster.dataDirectory.appending("postgres/data")
        try FileManager.default.createDirectory(atPath: data.string, withIntermediateDirectories: true)
        for path in [data.removingLastComponent(), data] {
            chown(path.string, try serverUser ?? geteuid(), getegid())
        }
        try write("precious", to: data.appending("thesis.txt"))
        #expect(try await refusal(cluster).message.contains("holds files, but none named PG_VERSION"))
        try write("what?", to: data.appending("PG_VERSION"))
        #expect(try await refusal(cluster).message.contains("does not begin with a version number"))
        #expect(try text(of: data.appending("thesis.txt")) == "precious")
    }

    @Test func `a data directory that is a file is refused`() async throws {
        let path = try await TestArea.shared.makeDirectory().appending("file")
        try write("", to: path)
        let error = try await refusal(LocalCluster(dataDirectory: path, logger: .silent))
        #expect(error.code == .directoryUnusable)
    }

    @Test func `a server that cannot start says why, in the error`() async throws {
        let cluster = try await TestArea.cluster(settings: ["max_connections": "many"])
        let error = try await refusal(cluster)
        #expect(error.code == .toolFailed)
        #expect(error.message.contains(#"invalid value for parameter "max_connections": "many""#))
        #expect(await cluster.pid == nil)
    }

    @Test func `another's hold on the cluster is waited for, but not for ever`() async throws {
        let area = try await TestArea.shared.makeDirectory()
        let account = try ServerAccount.forThisProcess()
        let lock = try await ClusterLock.acquire(area.appending("lock"), for: account, within: .seconds(1))
        let error = await #expect(throws: LocalPostgresError.self) {
            let second = try await ClusterLock.acquire(area.appending("lock"), for: account, within: .milliseconds(1))
            _ = consume second
        }
        #expect(error?.code == .busy)
        _ = consume lock
        let third = try await ClusterLock.acquire(area.appending("lock"), for: account, within: .seconds(1))
        _ = consume third
    }

    @Test func `a program that does not end is given up`() async throws {
        let error = await #expect(throws: LocalPostgresError.self) {
            _ = try await Tool.run("/bin/sleep", ["600"], within: .milliseconds(50))
        }
        #expect(error?.code == .deadlineExceeded)
    }

    @Test func `a program given up is killed with its children`() async throws {
        let path = try await TestArea.shared.makeDirectory().appending("pids")
        let script = "sleep 600 & echo $$ $! > '\(path).new'; mv '\(path).new' '\(path)'; wait"
        let running = Task { try await Tool.run("/bin/sh", ["-c", script], within: .seconds(600)) }
        while !FileManager.default.fileExists(atPath: path.string) { try await Task.sleep(for: .milliseconds(10)) }
        running.cancel()
        _ = await running.result
        for pid in try text(of: path).split(whereSeparator: \.isWhitespace) {
            while hasProgram(pid) { try await Task.sleep(for: .milliseconds(10)) }
        }
    }

    /// Whether the process lives; a zombie no longer has a program.
    private func hasProgram(_ pid: some StringProtocol) -> Bool {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/exe")) != nil
    }
}

/// Starts the cluster, which must fail, and returns the error.
func refusal(_ cluster: LocalCluster) async throws -> LocalPostgresError {
    try #require(await #expect(throws: LocalPostgresError.self) { try await cluster.start() })
}
