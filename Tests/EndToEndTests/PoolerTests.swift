// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Everything except LISTEN works through pgbouncer in transaction mode.
@Suite(.timeLimit(.minutes(3))) struct PoolerTests {
    private static let pgbouncer: FilePath = "/usr/sbin/pgbouncer"
    private static let isInstalled = access(pgbouncer.string, X_OK) == 0

    /// A pooler in front of the test's database: the process, and the URL of the database through it.
    private static func pooler() async throws -> (process: RunningProcess, url: String) {
        let database = TestDatabase.current
        let query = database.connectionString.split(separator: "?").last ?? ""
        var values: [Substring: String] = [:]
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { values[parts[0]] = String(parts[1]).replacing("%2F", with: "/") }
        }
        let server = values.filter { ["host", "port", "user"].contains($0.key) }.map { "\($0.key)=\($0.value)" }
        let directory = try await TestArea.shared.makeDirectory("pooler")
        // pgbouncer refuses to run as root, and the server's socket belongs to its owner only.
        let isRoot = geteuid() == 0
        var owner = stat()
        guard stat(values["host"] ?? "", &owner) == 0, !isRoot || chmod(directory.string, 0o777) == 0 else {
            throw Errno(rawValue: errno)
        }
        let file = directory.appending("pgbouncer.ini")
        try """
        [databases]
        \(database.name) = dbname=\(database.name) \(server.sorted().joined(separator: " "))
        [pgbouncer]
        listen_addr =
        listen_port = 6432
        unix_socket_dir = \(directory)
        auth_type = any
        pool_mode = transaction
        default_pool_size = 6
        max_client_conn = 200
        """.write(toFile: file.string, atomically: true, encoding: .utf8)
        let process = try await RunningProcess.start(pgbouncer, [file.string], userID: isRoot ? owner.st_uid : nil)
        try await process.line(containing: "process up")
        return (process, "postgresql:///\(database.name)?host=\(directory)&port=6432&user=anyone")
    }

    @Test(.database(.currentSchema), .enabled(if: isInstalled, "needs pgbouncer, from the package of that name"))
    func `pools, claims under a cap, a lost worker and deletes work through a pooler, and no lock is left behind`()
        async throws
    {
        let direct = TestDatabase.current.connectionString
        let (pooler, url) = try await Self.pooler()
        let settings = ["STOKER_DATABASE_LISTEN_URL": direct, "STOKER_WORKER_LEASE_DURATION": "3s"]
        let fleet = try await Fleet(database: url, settings: settings)
        try await DatabaseWatch.on(direct) { watch in
            // Claims under a cap take an additional lock.
            _ = try await watch.column("UPDATE organizations SET max_concurrent_builds = 2 RETURNING name")
            try await fleet.run("users", "add", "ada")
            var workers = [try await fleet.worker("one"), try await fleet.worker("two")]
            try await fleet.run("templates", "push", Fleet.example("process-local"))
            let ready: SQL = "SELECT count(*) FROM workspace_prebuilds WHERE eligible"
            try await watch.until("the pool", ready, is: 2)
            for number in 1...3 {
                try await fleet.run("claim", "process-local", "--owner", "ada", "--name", "box-\(number)", "--wait")
            }
            workers[0].send(.kill)
            try await workers[0].exit()
            try await watch.until("the lost worker", "SELECT count(*) FROM workers WHERE state = 'lost'", is: 1)
            workers[0] = try await fleet.worker("one")
            for number in 1...3 { try await fleet.run("workspaces", "delete", "box-\(number)", "--owner", "ada") }
            try await watch.until(
                "the deletions",
                "SELECT count(*) FROM workspaces WHERE claimed_at IS NOT NULL AND NOT deleted",
                is: 0
            )
            try await watch.until("the refill", ready, is: 2)
            for worker in workers { worker.send(.terminate) }
            for worker in workers { #expect(try await worker.exit(within: .seconds(60)) == .exited(0)) }
            let statuses = try await watch.column(
                "SELECT DISTINCT job_status::text FROM provisioner_jobs"
            )
            #expect(statuses == ["succeeded"])
            // The pooler's own sessions are still there.
            let sessions = try await watch.number(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            #expect(sessions > 0)
            let locks = try await watch.number(
                """
                SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                WHERE l.locktype = 'advisory' AND d.datname = current_database()
                """
            )
            #expect(locks == 0)
        }
        try await pooler.end()
    }
}
