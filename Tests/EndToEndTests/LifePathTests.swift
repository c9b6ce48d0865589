// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Life after the claim, with the built binary: real Terraform, and a process.
@Suite struct LifePathTests {
    private struct Shown: Decodable {
        let transition: String
        let status: String
        let expires_at: String?
        let builds: [Build]
        let outputs: [Output]

        struct Build: Decodable { let transition: String, reason: String }
        struct Output: Decodable { let name: String, value: String? }

        var course: [String] { builds.reversed().map { "\($0.transition) \($0.reason)" } }
    }

    private struct Claimed: Decodable { let outcome: String, expires_at: String? }

    private static func manifest(_ name: String, _ provisioner: String) -> String {
        """
        name: \(name)
        provisioner: \(provisioner)
        lifetime: { default: 4h, max: 8h, warn_before: 0 }
        presets:
          - name: one
            default: true
            prebuilds: { instances: 1 }
        """
    }

    private static func terraform(_ fleet: Fleet) throws -> String {
        try fleet.template(
            "boxes",
            [
                "stoker.yaml": manifest("boxes", "terraform"),
                "main.tf": """
                variable "stoker_workspace_transition" {}
                resource "terraform_data" "home" { input = "kept" }
                resource "terraform_data" "machine" {
                  count = var.stoker_workspace_transition == "start" ? 1 : 0
                  input = "runs"
                }
                output "machine" { value = join(",", terraform_data.machine[*].output) }
                """,
            ]
        ).string
    }

    private static func process(_ fleet: Fleet) throws -> String {
        let directory = try fleet.template(
            "shells",
            [
                "stoker.yaml": manifest("shells", "process"),
                "provision": """
                #!/bin/sh
                cat >/dev/null
                echo "{\\"type\\":\\"output\\",\\"name\\":\\"last\\",\\"value\\":\\"$1\\"}"
                """,
            ]
        )
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: directory.appending("provision").string
        )
        return directory.string
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(4)))
    func `a workspace is stopped, started, restarted, extended, and deleted at its end`() async throws {
        let fleet = try await Fleet()
        try await fleet.run("users", "add", "ada")
        try await DatabaseWatch.on(fleet.database) { watch in
            let worker = try await fleet.worker("one")
            try await fleet.run("templates", "push", try Self.terraform(fleet))
            try await fleet.run("templates", "push", try Self.process(fleet))
            try await watch.until("prebuilds", "SELECT count(*) FROM workspace_prebuilds WHERE eligible", is: 2)
            try await fleet.run("prebuilds", "pause")
            try await claims(fleet)
            try await course(fleet, of: "tf", output: "machine", started: "runs", stopped: "")
            try await course(fleet, of: "sh", output: "last", started: "start", stopped: "stop")
            try await end(fleet, watch)
            try await worker.end()
        }
    }

    private func claims(_ fleet: Fleet) async throws {
        let long = try await fleet.stoker("claim", "boxes", "--owner", "ada", "--name", "tf", "--ttl", "9h")
        #expect(!long.status.isSuccess && long.standardError.joined().contains("live for at most 8h"))
        let first = try await fleet.json(
            Claimed.self,
            "claim",
            "boxes",
            "--owner",
            "ada",
            "--name",
            "tf",
            "--ttl",
            "2h",
            "--wait"
        )
        #expect(first.outcome == "hit" && first.expires_at != nil)
        let second = try await fleet.json(
            Claimed.self,
            "claim",
            "shells",
            "--owner",
            "ada",
            "--name",
            "sh",
            "--wait"
        )
        #expect(second.outcome == "hit" && second.expires_at != nil)
    }

    private func course(
        _ fleet: Fleet,
        of workspace: String,
        output: String,
        started: String,
        stopped: String
    ) async throws {
        func shown() async throws -> Shown { try await fleet.json(Shown.self, "workspaces", "show", workspace) }
        func value() async throws -> String? { try await shown().outputs.first { $0.name == output }?.value }
        try await fleet.run("workspaces", "stop", workspace, "--wait")
        #expect(try await value() == stopped)
        let again = try await fleet.stoker("workspaces", "stop", workspace)
        #expect(!again.status.isSuccess && again.standardError.joined().contains("is stopped already"))
        try await fleet.run("workspaces", "start", workspace, "--wait")
        #expect(try await value() == started)
        try await fleet.run("workspaces", "restart", workspace, "--wait")
        let now = try await shown()
        #expect(now.transition == "start" && now.status == "succeeded")
        #expect(
            now.course == [
                "start prebuild", "start claim", "stop initiator", "start initiator", "stop initiator",
                "start initiator",
            ]
        )
        let before = try #require(now.expires_at)
        try await fleet.run("workspaces", "extend", workspace, "--by", "1h")
        #expect(try #require(try await shown().expires_at) > before)
        let long = try await fleet.stoker("workspaces", "extend", workspace, "--by", "9h")
        #expect(!long.status.isSuccess && long.standardError.joined().contains("may live for 8h"))
    }

    private func end(_ fleet: Fleet, _ watch: DatabaseWatch) async throws {
        _ = try await watch.column(
            "UPDATE workspaces SET expires_at = now() WHERE expires_at IS NOT NULL RETURNING name::text"
        )
        try await watch.until(
            "the deletions",
            "SELECT count(*) FROM workspaces WHERE deleted AND expires_at IS NOT NULL",
            is: 2
        )
        let events = try await watch.column(
            "SELECT data->'workspace'->>'name' FROM notification_events WHERE type = 'workspace_expired' ORDER BY 1"
        )
        #expect(events == ["sh", "tf"])
    }
}
