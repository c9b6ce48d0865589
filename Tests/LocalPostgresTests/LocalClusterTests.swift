// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Logging
import SystemPackage
import TestSupport
import Testing

@testable import LocalPostgres

@Suite(.timeLimit(.minutes(2)))
struct LocalClusterTests {
    @Test func `a cluster is made, started, stopped and started again with its data`() async throws {
        let cluster = try await TestArea.cluster()
        let first = try await cluster.start()
        #expect(try await psql(first, "CREATE TABLE kept AS SELECT 7 AS value") == .said("SELECT 1"))
        try await cluster.stop()
        #expect(await cluster.pid == nil)
        #expect(await cluster.processes == [])

        let second = try await cluster.start()
        #expect(second == first)
        #expect(try await psql(second, "SELECT value FROM kept") == .said("7"))
        try await cluster.stop(mode: .immediate)
        try await cluster.stop(mode: .immediate)
        #expect(await cluster.pid == nil)
    }

    @Test func `a running cluster is adopted, also by another value`() async throws {
        let cluster = try await TestArea.cluster()
        let connection = try await cluster.start()
        let pid = try #require(await cluster.pid)
        let successor = LocalCluster(dataDirectory: cluster.dataDirectory, logger: .silent)
        #expect(try await successor.start() == connection)
        #expect(await successor.pid == pid)
        try await successor.stop()
        #expect(await cluster.pid == nil)
    }

    @Test func `two that start at the same time share one server`() async throws {
        let cluster = try await TestArea.cluster()
        let other = LocalCluster(dataDirectory: cluster.dataDirectory, settings: fast, logger: .silent)
        async let first = cluster.start()
        async let second = other.start()
        let connections = try await [first, second]
        #expect(connections[0] == connections[1])
        #expect(await cluster.pid == other.pid)
        try await cluster.stop(mode: .immediate)
    }

    @Test func `a killed server is succeeded, with its orphans ended and its data there`() async throws {
        let cluster = try await TestArea.cluster()
        let connection = try await cluster.start()
        _ = try await psql(connection, "CREATE TABLE kept AS SELECT 7 AS value")
        // A busy backend does not notice that its postmaster has exited; a stopped one cannot.
        let busy = try await RunningProcess.start(
            try await program("psql"),
            [
                "-AtX", connection, "-c", "SELECT 'pid ' || pg_backend_pid()", "-c",
                "SELECT sum(n) FROM generate_series(1, 1e12) n",
            ]
        )
        let line = try await busy.line(containing: "pid ")
        let orphan = try #require(Int32(line.text.dropFirst(4)))
        kill(orphan, SIGSTOP)
        let killed = try #require(await cluster.pid)
        kill(killed, SIGKILL)

        #expect(try await cluster.start() == connection)
        #expect(await cluster.pid != killed)
        #expect(await cluster.processes.contains(orphan) == false)
        #expect(try await psql(connection, "SELECT value FROM kept") == .said("7"))
        try await cluster.stop(mode: .immediate)
        try await busy.end()
    }

    @Test func `lock files whose process id now belongs to another program do not hinder the start`() async throws {
        let cluster = try await TestArea.cluster()
        _ = try await cluster.start()
        let data = cluster.dataDirectory.appending("postgres/data")
        let socketLock = cluster.dataDirectory.appending("postgres/socket/.s.PGSQL.5432.lock")
        let pidFile = try text(of: data.appending("postmaster.pid"))
        let lockFile = try text(of: socketLock)
        let killed = try #require(await cluster.pid)
        kill(killed, SIGKILL)
        try await cluster.noProcesses()
        // The same user as the server's: only then does Postgres consider the lock valid.
        let stranger = try await RunningProcess.start("/bin/sleep", ["600"], userID: serverUser)
        for (path, content) in [(data.appending("postmaster.pid"), pidFile), (socketLock, lockFile)] {
            let rest = content.drop { $0 != "\n" }
            try write("\(stranger.pid)\(rest)", to: path)
        }
        _ = try await cluster.start()
        let pid = try #require(await cluster.pid)
        #expect(pid != stranger.pid)
        try await cluster.stop(mode: .immediate)
        try await stranger.end()
    }

    @Test func `only Postgres is ended, not who happens to be in its directory`() async throws {
        let cluster = try await TestArea.cluster()
        _ = try await cluster.start()
        let data = cluster.dataDirectory.appending("postgres/data")
        let strangers = [
            try await RunningProcess.start("/bin/sleep", ["600"], workingDirectory: data),
            try await RunningProcess.start("/bin/sleep", ["600"], workingDirectory: data, userID: serverUser),
        ]
        kill(try #require(await cluster.pid), SIGKILL)
        _ = try await cluster.start()
        let processes = await cluster.processes
        for stranger in strangers {
            #expect(!processes.contains(stranger.pid))
            #expect(kill(stranger.pid, 0) == 0)
            try await stranger.end()
        }
        try await cluster.stop(mode: .immediate)
    }

    @Test(arguments: [-1, 0, 1, getpid()]) func `what is no server is never taken for one`(pid: Int32) async throws {
        let cluster = try await TestArea.cluster()
        _ = try await cluster.start()
        let data = cluster.dataDirectory.appending("postgres/data")
        #expect(!ServerProcesses.isServer(pid, in: data))
        #expect(ServerProcesses.isServer(try #require(await cluster.pid), in: data))
        try await cluster.stop(mode: .immediate)
    }

    @Test func `a server that has lost its socket is restarted`() async throws {
        let cluster = try await TestArea.cluster()
        let connection = try await cluster.start()
        let pid = await cluster.pid
        unlink(cluster.dataDirectory.appending("postgres/socket/.s.PGSQL.5432").string)
        #expect(try await cluster.start() == connection)
        #expect(await cluster.pid != pid)
        #expect(try await psql(connection, "SELECT 1") == .said("1"))
        try await cluster.stop(mode: .immediate)
    }

    @Test func `settings reach the server, whatever characters they hold`() async throws {
        let cluster = try await TestArea.cluster(settings: ["application_name": #"it's a "name" \ with, all"#])
        let connection = try await cluster.start()
        #expect(try await psql(connection, "SELECT '<' || current_setting('listen_addresses') || '>'") == .said("<>"))
        #expect(
            try await psql(connection, "SELECT setting FROM pg_file_settings WHERE name = 'application_name'")
                == .said(#"it's a "name" \ with, all"#)
        )
        try await cluster.stop(mode: .immediate)
    }

    @Test func `a data directory with a long path and odd characters has its socket elsewhere`() async throws {
        let area = try await TestArea.shared.makeDirectory("long")
        let deep = area.appending(String(repeating: "a name with, 'odd' \"characters\" ", count: 3))
        let cluster = LocalCluster(dataDirectory: deep, settings: fast, temporaryDirectory: area, logger: .silent)
        let connection = try await cluster.start()
        #expect(try await psql(connection, "SELECT 1") == .said("1"))
        #expect(try await cluster.start() == connection)
        try await cluster.stop(mode: .immediate)
    }

    @Test func `a start given up halfway through making the cluster is made good`() async throws {
        let cluster = try await TestArea.cluster()
        let unfinished = cluster.dataDirectory.appending("postgres/data.unfinished")
        let starting = Task { try await cluster.start() }
        while !FileManager.default.fileExists(atPath: unfinished.appending("PG_VERSION").string) { await Task.yield() }
        starting.cancel()
        _ = await starting.result
        #expect(!FileManager.default.fileExists(atPath: cluster.dataDirectory.appending("postgres/data").string))
        let connection = try await cluster.start()
        #expect(try await psql(connection, "SELECT 1") == .said("1"))
        try await cluster.stop(mode: .immediate)
    }
}
