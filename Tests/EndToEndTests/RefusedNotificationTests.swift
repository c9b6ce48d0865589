// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A fleet whose database refuses NOTIFY does all of its work, reports the refusal, and recovers without a restart.
@Suite struct RefusedNotificationTests {
    private static let script = FilePath("\(#filePath)").removingLastComponent()
        .appending("../../Config/sql/roles.sql").lexicallyNormalized().string

    private let url = TestDatabase.current.connectionString

    private func psql(_ arguments: String...) async throws {
        let outcome = try await RunningProcess.outcome(
            of: "/usr/bin/psql",
            ["--no-psqlrc", "--quiet", "-tA", "-v", "ON_ERROR_STOP=1", url] + arguments,
            environment: [:],
            within: .seconds(60)
        )
        try #require(outcome.status.isSuccess, "\(outcome.standardError)")
    }

    private func database(as role: String) -> String { "\(url)\(url.contains("?") ? "&" : "?")user=\(role)" }

    private struct Claim: Decodable { let outcome: String }
    private struct Finding: Decodable { let check: String, state: String, message: String, remedy: String }

    private static let template = [
        "stoker.yaml": """
        name: quick
        provisioner: process
        presets: [{ name: base, prebuilds: { instances: 2 } }]
        """,
        "provision": "#!/bin/sh\necho '{\"type\": \"state\", \"state\": {}}'\necho '{\"type\": \"result\"}'\n",
    ]

    @Test(.database, .timeLimit(.minutes(2)))
    func `a fleet without the right to notify fills its pools, serves claims, and heals`() async throws {
        try await psql("-f", Self.script)
        try await Fleet(database: database(as: "stoker_migrator")).run("migrate")
        try await psql("-f", Self.script)
        try await psql("-c", "REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC")

        let fleet = try await Fleet(database: database(as: "stoker_worker"))
        let template = try fleet.template("quick", Self.template)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: template.appending("provision").string
        )
        let worker = try await fleet.worker("modest")
        try await worker.line(containing: "worker started")
        try await fleet.run("users", "add", "alice")
        try await fleet.run("templates", "push", template.string)
        try await DatabaseWatch.on(url) { watch in
            let ready: SQL = "SELECT count(*)::int FROM workspace_prebuilds WHERE eligible"
            try await watch.until("a full pool", ready, is: 2)
            let claim = try await fleet.json(
                Claim.self,
                "claim",
                "quick",
                "--owner",
                "alice",
                "--name",
                "dev",
                "--wait"
            )
            #expect(claim.outcome == "hit")
            try await watch.until("a pool that is full again", ready, is: 2)
            try await fleet.run("workspaces", "delete", "dev", "--owner", "alice")
            try await watch.until(
                "the end of all jobs",
                "SELECT count(*)::int FROM provisioner_jobs WHERE completed_at IS NULL",
                is: 0
            )
            try await worker.line(containing: "notifications cannot be sent")
            let refused = try await finding(fleet)
            #expect(refused.state == "warning")
            #expect(refused.message.contains("permission denied for function pg_notify"))
            #expect(refused.remedy.contains("Grant EXECUTE on pg_notify"))

            try await psql("-c", "GRANT EXECUTE ON FUNCTION pg_notify(text, text) TO PUBLIC")
            // The next notification is sent.
            try await fleet.run("presets", "invalidate", "quick")
            try await worker.line(containing: "notifications are sent again")
            #expect(try await finding(fleet).state == "ok")
            try await watch.until("a pool that is full again", ready, is: 2)
        }
        // It is logged once, however often it was tried.
        #expect(worker.lines.count { $0.text.contains("notifications cannot be sent") } == 1)
        worker.send(.interrupt)
        #expect(try await worker.exit().isSuccess)
    }

    private func finding(_ fleet: Fleet) async throws -> Finding {
        let outcome = try await fleet.stoker("doctor", "--output", "json")
        let findings = try JSONDecoder().decode(
            [Finding].self,
            from: Data(outcome.standardOutput.joined(separator: "\n").utf8)
        )
        return try #require(findings.first { $0.check == "notifications" })
    }
}
