// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// `Config/sql/roles.sql` on a real server: each role can do its work, and nothing else.
@Suite struct RolesTests {
    private static let script = FilePath("\(#filePath)").removingLastComponent()
        .appending("../../Config/sql/roles.sql").lexicallyNormalized().string

    private let url = TestDatabase.current.connectionString

    private func database(as role: String) -> String { "\(url)\(url.contains("?") ? "&" : "?")user=\(role)" }

    private func psql(_ role: String?, _ arguments: String...) async throws -> RunningProcess.Outcome {
        let target = role.map { database(as: $0) } ?? url
        return try await RunningProcess.outcome(
            of: "/usr/bin/psql",
            ["--no-psqlrc", "--quiet", "-tA", "-v", "ON_ERROR_STOP=1", target] + arguments,
            environment: [:],
            within: .seconds(60)
        )
    }

    private func succeed(_ role: String?, _ arguments: String...) async throws -> [String] {
        let outcome = try await psql(role, arguments[0], arguments[1])
        try #require(outcome.status.isSuccess, "\(outcome.standardError)")
        return outcome.standardOutput
    }

    private func expectRefusal(of sql: String, as role: String) async throws {
        let outcome = try await psql(role, "-c", sql)
        #expect(!outcome.status.isSuccess, "\(role) may: \(sql)")
        let error = outcome.standardError.joined()
        #expect(error.contains("permission denied") || error.contains("must be owner"), "\(sql): \(error)")
    }

    @Test(.database, .timeLimit(.minutes(2)))
    func `each role can do its work, and nothing else`() async throws {
        _ = try await succeed(nil, "-f", Self.script)
        try await Fleet(database: database(as: "stoker_migrator")).run("migrate")
        // Any number of times.
        for _ in 1...2 { _ = try await succeed(nil, "-f", Self.script) }

        let fleet = try await Fleet(database: database(as: "stoker_worker"))
        let worker = try await fleet.worker("modest")
        try await worker.line(containing: "worker started")
        try await fleet.run("users", "add", "alice")
        try await fleet.run("templates", "push", Fleet.example("process-local"))
        try await fleet.run("claim", "process-local", "--owner", "alice", "--name", "dev", "--wait")
        try await fleet.run("workspaces", "delete", "dev", "--owner", "alice")
        worker.send(.interrupt)
        let status = try await worker.exit()
        #expect(status.isSuccess)
        let complaints = worker.lines.filter { $0.text.contains("permission denied") }
        #expect(complaints.isEmpty)

        for sql in [
            "CREATE TABLE t ()", "ALTER TABLE workspaces ADD COLUMN x int", "DROP TABLE workspaces",
            "TRUNCATE workspaces", "DELETE FROM schema_migrations", "CREATE TEMP TABLE t ()",
        ] {
            try await expectRefusal(of: sql, as: "stoker_worker")
        }

        #expect(try await succeed("stoker_scaling", "-c", "SELECT stoker_scaling_signal() >= 0") == ["t"])
        for sql in [
            "SELECT FROM provisioner_jobs", "SELECT FROM workers", "SELECT FROM api_tokens",
            "SELECT FROM workspace_prebuilds", "SELECT stoker_agents_ready(gen_random_uuid(), gen_random_uuid())",
            "DELETE FROM workers", "CREATE TABLE t ()", "CREATE TEMP TABLE provisioner_jobs ()",
        ] {
            try await expectRefusal(of: sql, as: "stoker_scaling")
        }

        #expect(try await succeed("stoker_reader", "-c", "SELECT count(*) FROM workers") == ["1"])
        for sql in [
            "SELECT FROM api_tokens", "SELECT FROM webhook_endpoints", "SELECT provisioner_state FROM workspace_builds",
            "SELECT input FROM provisioner_jobs", "SELECT value FROM workspace_build_parameters",
        ] {
            try await expectRefusal(of: sql, as: "stoker_reader")
        }
    }
}
