// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Updates of workspaces to the active version, with the built binary and real Terraform.
@Suite struct UpdatePathTests {
    private struct Update: Decodable {
        let version_name: String
        let active_version_name: String
        let current: Bool
        let rehearsal: Rehearsal?

        struct Rehearsal: Decodable {
            let status: String
            let replacements: [Replacement]?
        }

        struct Replacement: Decodable { let address: String, paths: [String] }
    }

    private static func terraform(_ fleet: Fleet, image: String) throws -> String {
        try fleet.template(
            "boxes",
            [
                "stoker.yaml": """
                name: boxes
                presets: [{ name: one, default: true, parameters: { size: "2" } }]
                """,
                "main.tf": """
                variable "size" { type = number }
                variable "extra" {
                  type    = string
                  default = "none"
                }
                resource "terraform_data" "disk" {
                  input            = var.size
                  triggers_replace = ["\(image)"]
                }
                output "size" { value = terraform_data.disk.output }
                """,
            ]
        ).string
    }

    private func process(_ fleet: Fleet) throws -> String {
        let directory = try fleet.template(
            "shells",
            [
                "stoker.yaml": "name: shells\nprovisioner: process\npresets: [{ name: one, default: true }]",
                "provision": "#!/bin/sh\ncat >/dev/null\n",
            ]
        )
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: directory.appending("provision").string
        )
        return directory.string
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(4)))
    func `an update tells first what it would replace, and changes nothing without yes`() async throws {
        let fleet = try await Fleet()
        try await fleet.run("users", "add", "ada")
        try await DatabaseWatch.on(fleet.database) { watch in
            let worker = try await fleet.worker("one")
            try await fleet.run("templates", "push", try Self.terraform(fleet, image: "old"), "--name", "first")
            try await fleet.run("claim", "boxes", "--owner", "ada", "--name", "tf", "--param", "size=5", "--wait")
            let same = try await fleet.stoker("workspaces", "update", "tf")
            #expect(!same.status.isSuccess && same.standardError.joined().contains("active version already"))

            try await fleet.run("templates", "push", try Self.terraform(fleet, image: "new"), "--name", "second")
            let told = try await fleet.json(Update.self, "workspaces", "update", "tf")
            #expect(told.version_name == "first" && told.active_version_name == "second" && !told.current)
            #expect(told.rehearsal?.replacements?.map(\.address) == ["terraform_data.disk"])
            #expect(told.rehearsal?.replacements?.first?.paths.first?.hasPrefix("triggers_replace") == true)
            let text = try await fleet.stoker("workspaces", "update", "tf").standardOutput.joined(separator: "\n")
            #expect(text.contains("terraform_data.disk (triggers_replace") && text.contains("--yes"))
            // Nothing of the rehearsals is left, but their jobs.
            #expect(try await watch.number("SELECT count(*) FROM workspace_builds") == 1)
            #expect(
                try await watch.number(
                    "SELECT count(*) FROM notification_events WHERE type = 'workspace_resource_replaced'"
                ) == 0
            )

            let made = try await fleet.json(Update.self, "workspaces", "update", "tf", "--yes")
            #expect(made.current && made.version_name == "second")
            let values = try await watch.column(
                """
                SELECT p.name || '=' || p.value FROM workspace_builds b
                JOIN workspace_build_parameters p ON p.workspace_build_id = b.id WHERE b.build_number = 2 ORDER BY 1
                """
            )
            #expect(values == ["extra=none", "size=5"])
            try await updateOfProcess(fleet)
            try await worker.end()
        }
    }

    private func updateOfProcess(_ fleet: Fleet) async throws {
        try await fleet.run("templates", "push", try process(fleet))
        try await fleet.run("claim", "shells", "--owner", "ada", "--name", "sh", "--wait")
        try await fleet.run("templates", "push", try process(fleet), "--name", "next")
        let refused = try await fleet.stoker("workspaces", "update", "sh")
        #expect(!refused.status.isSuccess && refused.standardError.joined().contains("cannot be told"))
        let made = try await fleet.json(Update.self, "workspaces", "update", "sh", "--yes")
        #expect(made.current && made.version_name == "next")
    }
}
