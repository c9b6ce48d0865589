// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// What the claimant gets: outputs of real Terraform and of a process, with the built binary.
@Suite struct OutputPathTests {
    private struct Output: Decodable, Equatable {
        let name: String
        /// Of a text, the text; of numbers, these.
        let value: String?
        let sensitive: Bool

        private enum Keys: String, CodingKey { case name, value, sensitive }

        init(name: String, value: String?, sensitive: Bool) {
            (self.name, self.value, self.sensitive) = (name, value, sensitive)
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Keys.self)
            name = try container.decode(String.self, forKey: .name)
            sensitive = try container.decode(Bool.self, forKey: .sensitive)
            let numbers = try? container.decode([Int].self, forKey: .value)
            value = try numbers.map { "\($0)" } ?? container.decodeIfPresent(String.self, forKey: .value)
        }
    }

    private struct Given: Decodable {
        let outcome: String?
        let outputs: [Output]?
        let open: String?
        let ssh: String?

        subscript(name: String) -> Output? { outputs?.first { $0.name == name } }
    }

    private static let manifest = """
        presets:
          - name: one
            default: true
            prebuilds: { instances: 1 }
        """

    private static func terraform(_ fleet: Fleet) throws -> String {
        try fleet.template(
            "boxes",
            [
                "stoker.yaml": "name: boxes\nprovisioner: terraform\n\(manifest)",
                "main.tf": """
                variable "stoker_workspace_owner" {}
                resource "terraform_data" "box" { input = var.stoker_workspace_owner }
                output "stoker_url" { value = "https://${terraform_data.box.output}.example/" }
                output "stoker_ssh" { value = "ssh ${terraform_data.box.output}@example" }
                output "ports" { value = [22, 80] }
                output "token" {
                  value     = "t0ken-of-${terraform_data.box.output}"
                  sensitive = true
                }
                """,
            ]
        ).string
    }

    private static func process(_ fleet: Fleet) throws -> String {
        let directory = try fleet.template(
            "shells",
            [
                "stoker.yaml": "name: shells\nprovisioner: process\n\(manifest)",
                "provision": """
                #!/bin/sh
                cat >/dev/null
                echo "{\\"type\\":\\"output\\",\\"name\\":\\"who\\",\\"value\\":\\"$STOKER_WORKSPACE_OWNER\\"}"
                echo '{"type":"output","name":"stoker_url","value":"javascript:alert(1)"}'
                echo '{"type":"output","name":"key","value":"k3y-of-process","sensitive":true}'
                echo "started with k3y-of-process"
                """,
            ]
        )
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755],
            ofItemAtPath: directory.appending("provision").string
        )
        return directory.string
    }

    @Test(.database(.currentSchema), .timeLimit(.minutes(3)))
    func `a claim gives the outputs of its own build, and sensitive ones only when they are asked for`() async throws {
        let key = Data((0..<32).map { UInt8($0) }).base64EncodedString()
        let fleet = try await Fleet(settings: ["STOKER_ENCRYPTION_KEY": key])
        try await fleet.run("users", "add", "ada")
        try await DatabaseWatch.on(fleet.database) { watch in
            let worker = try await fleet.worker("one")
            try await fleet.run("templates", "push", try Self.terraform(fleet))
            try await fleet.run("templates", "push", try Self.process(fleet))
            try await watch.until("prebuilds", "SELECT count(*) FROM workspace_prebuilds WHERE eligible", is: 2)
            try await fleet.run("prebuilds", "pause")

            let claim = try await fleet.json(
                Given.self,
                "claim",
                "boxes",
                "--owner",
                "ada",
                "--name",
                "tf",
                "--wait"
            )
            #expect(claim.outcome == "hit")
            #expect(claim.open == "https://ada.example/" && claim.ssh == "ssh ada@example")
            #expect(claim["ports"]?.value == "[22, 80]")
            #expect(claim["token"] == Output(name: "token", value: nil, sensitive: true))
            let shown = try await fleet.json(Given.self, "workspaces", "show", "tf")
            #expect(shown.outputs == claim.outputs && shown.open == claim.open)
            let revealed = try await fleet.json(Given.self, "workspaces", "show", "tf", "--reveal")
            #expect(revealed["token"]?.value == "t0ken-of-ada")
            let text = try await fleet.stoker("workspaces", "show", "tf").standardOutput.joined(separator: "\n")
            #expect(text.contains("open https://ada.example/") && text.contains("(sensitive)"))

            let words = ["claim", "shells", "--owner", "ada", "--name", "sh", "--wait", "-o", "json"]
            let other = try await fleet.stoker(words)
            let process = try JSONDecoder().decode(Given.self, from: Data(other.standardOutput.joined().utf8))
            #expect(process["who"]?.value == "ada" && process["key"]?.value == nil && process.open == nil)
            let said = (other.standardError + other.standardOutput).joined(separator: "\n")
            #expect(said.contains("started with (sensitive)") && said.contains("stoker_url is not offered"))

            try await secretsAreSealed(watch)
            try await fleet.run("workspaces", "delete", "tf", "--wait")
            try await fleet.run("workspaces", "delete", "sh", "--wait")
            #expect(try await watch.number("SELECT count(*) FROM workspace_build_outputs") == 0)
            try await worker.end()
        }
    }

    /// No table holds a sensitive value in the clear, in whatever column.
    private func secretsAreSealed(_ watch: DatabaseWatch) async throws {
        #expect(try await watch.number("SELECT count(*) FROM workspace_build_outputs WHERE sealed IS NOT NULL") == 4)
        let tables = [
            "workspace_build_outputs", "provisioner_job_logs", "provisioner_jobs", "notification_events",
            "workspace_builds", "workspace_claims", "prebuild_decisions",
        ]
        for table in tables {
            for secret in ["t0ken-of-ada", "k3y-of-process"] {
                let bytes = secret.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                let found = try await watch.number(
                    """
                    SELECT count(*) FROM \(identifier: table) x
                    WHERE position(\(secret) IN x::text) > 0 OR position(\(bytes) IN x::text) > 0
                    """
                )
                #expect(found == 0, "\(secret) in \(table)")
            }
        }
    }
}
