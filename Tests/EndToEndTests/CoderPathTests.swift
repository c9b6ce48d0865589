// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A template in Coder's form, as its author would push it: from the push over a pool of two to a claim and a deletion, with a
/// provider that serves Coder's blocks (`Tests/Receivers/coder_provider.py`), real Terraform, and the agents' own script.
@Suite struct CoderPathTests {
    private struct Claimed: Decodable {
        let outcome: String
        let workspace_id: String
    }

    /// What a build gave the provider.
    private typealias Given = [String: String]

    private static let module = """
        terraform {
          required_providers {
            coder = {
              source = "coder/coder"
            }
          }
        }

        data "coder_workspace" "me" {}
        data "coder_workspace_owner" "me" {}

        locals {
          sizes = [for n in [1, 2, 4] : tostring(n)]
        }

        data "coder_parameter" "region" {
          name    = "Home region"
          default = "eu"
          option {
            name  = "Europe"
            value = "eu"
          }
          option {
            name  = "United States"
            value = "us"
          }
        }

        data "coder_parameter" "size" {
          name    = "size"
          type    = "number"
          default = local.sizes[0]
          mutable = true
          validation {
            monotonic = "increasing"
          }
        }

        data "coder_workspace_preset" "europe" {
          name    = "Europe"
          default = true
          parameters = {
            (data.coder_parameter.region.name) = "eu"
            size                               = max(1, 2)
          }
          prebuilds {
            instances = length(local.sizes) - 1
          }
        }

        resource "coder_agent" "main" {
          os             = "linux"
          arch           = "amd64"
          dir            = "DIRECTORY/home"
          env            = { GREETING = "it's here" }
          startup_script = <<-EOT
            echo "$GREETING $CODER_WORKSPACE_OWNER_NAME $(basename "$(pwd)")" >> DIRECTORY/started
          EOT
        }

        # It carries the token, so another token would replace it.
        resource "terraform_data" "machine" {
          triggers_replace = [coder_agent.main.token, data.coder_parameter.region.value]
          input            = "${data.coder_workspace_owner.me.name}/${data.coder_workspace.me.name}"
          provisioner "local-exec" {
            command     = "umask 077; printf %s \\"$SCRIPT\\" > DIRECTORY/$NAME.sh; printf %s \\"$TOKEN\\" > DIRECTORY/$NAME.token"
            environment = {
              NAME   = data.coder_workspace.me.id
              SCRIPT = coder_agent.main.init_script
              TOKEN  = coder_agent.main.token
            }
          }
        }
        """

    @Test(.database(.currentSchema), .timeLimit(.minutes(5)))
    func `only owner and name change at a claim, nothing is replaced, and the pool waits for the agents`() async throws
    {
        let area = try await TestArea.shared.makeDirectory("coder")
        let mirror = area.appending("mirror")
        let python = WebhookReceiver.python([
            WebhookReceiver.script("coder_provider.py").string, "install", mirror.string,
        ])
        let installed = try await RunningProcess.outcome(of: python.executable, python.arguments)
        #expect(installed.status.isSuccess, "\(installed.standardError)")
        let fleet = try await Fleet(settings: ["STOKER_TERRAFORM_PLUGIN_DIRECTORY": mirror.string])
        let settings = [
            "CODER_PROVIDER_LOG": "\(fleet.directory)/given",
            "STOKER_WORKER_TEMPLATE_ENVIRONMENT": "CODER_PROVIDER_LOG",
            "STOKER_WORKER_TEMPLATE_PATHS": (["\(fleet.directory):write"] + installed.standardOutput).joined(
                separator: ","
            ),
        ]
        let directory = "\(fleet.directory)"
        let template = try fleet.template(
            "coder-box",
            ["main.tf": Self.module.replacing("DIRECTORY", with: directory)]
        )
        try await fleet.run("users", "add", "ada")
        try await DatabaseWatch.on(fleet.database) { watch in
            let worker = try await fleet.worker("one", settings: settings)
            let pushed = try await fleet.stoker("templates", "push", template.string)
            #expect(pushed.status.isSuccess, "\(pushed.standardError)")
            #expect(pushed.standardOutput.first?.hasPrefix("Pushed coder-box, version ") == true)
            let said = pushed.standardError.joined(separator: "\n")
            // What the text does not show is noted, and the plan knows it.
            #expect(said.contains("main.tf:32: data.coder_parameter.size.default: this is no literal"))
            #expect(said.contains("preset 'Europe': instances is 2; the text does not say it"))

            let prebuilds = try await watch.until("two prebuilds to run") {
                let ids = try await watch.column(
                    "SELECT workspace_id::text FROM workspace_prebuilds WHERE running ORDER BY 1"
                )
                return ids.count == 2 ? ids : nil
            }
            #expect(try await eligible(watch) == 0)
            var agents: [RunningProcess] = []
            for id in prebuilds {
                let token = try String(contentsOfFile: "\(directory)/\(id).token", encoding: .utf8)
                agents.append(
                    try await RunningProcess.start(
                        "/bin/sh",
                        ["\(directory)/\(id).sh"],
                        environment: ["CODER_AGENT_TOKEN": token, "HOME": directory]
                    )
                )
            }
            _ = try await watch.until("both to be eligible") { try await eligible(watch) == 2 ? true : nil }
            #expect(try started(directory) == ["it's here prebuilds home", "it's here prebuilds home"])

            let claim = try await fleet.json(
                Claimed.self,
                "claim",
                "coder-box",
                "--owner",
                "ada",
                "--name",
                "box",
                "--param",
                "size=4",
                "--wait"
            )
            #expect(claim.outcome == "hit")
            #expect(prebuilds.contains(claim.workspace_id))
            #expect(
                try await watch.number(
                    "SELECT count(*) FROM notification_events WHERE type = 'workspace_resource_replaced'"
                )
                    == 0
            )
            // The agent was told, and has run the workspace's script once more.
            _ = try await watch.until("the claimed agent to start again") {
                try started(directory).last == "it's here ada home" ? true : nil
            }
            try await fleet.run("workspaces", "delete", "box", "--owner", "ada", "--wait")
            for agent in agents { try await agent.end() }
            try await worker.end()
            try check(given("\(directory)/given", to: claim.workspace_id))
        }
    }

    private func eligible(_ watch: DatabaseWatch) async throws -> Int {
        try await watch.number("SELECT count(*) FROM workspace_prebuilds WHERE eligible")
    }

    private func started(_ directory: String) throws -> [String] {
        let text = (try? String(contentsOfFile: "\(directory)/started", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// What the builds of a workspace gave the provider, each once, in their order.
    private func given(_ log: String, to workspace: String) throws -> [Given] {
        let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
        var builds: [Given] = []
        for line in lines {
            let given = try JSONDecoder().decode(Given.self, from: Data(line.utf8))
            guard given["CODER_WORKSPACE_ID"] == workspace else { continue }
            if builds.last?["CODER_WORKSPACE_BUILD_ID"] != given["CODER_WORKSPACE_BUILD_ID"] { builds.append(given) }
        }
        return builds
    }

    private func check(_ builds: [Given]) throws {
        try #require(builds.count == 3)
        let (start, claim, delete) = (builds[0], builds[1], builds[2])
        func values(_ name: String) -> [String?] { builds.map { $0["CODER_\(name)"] } }
        #expect(values("WORKSPACE_TRANSITION") == ["start", "start", "destroy"])
        #expect(values("WORKSPACE_IS_PREBUILD") == ["true", "false", "false"])
        #expect(values("WORKSPACE_IS_PREBUILD_CLAIM") == ["false", "true", "false"])
        #expect(values("WORKSPACE_OWNER") == ["prebuilds", "ada", "ada"])
        #expect(values("WORKSPACE_OWNER_NAME") == ["Prebuilds Owner", "ada", "ada"])
        #expect(start["CODER_WORKSPACE_OWNER_ID"] == "c42fdf75-3097-471c-8c33-fb52454d81c0")
        #expect(values("WORKSPACE_NAME").dropFirst() == ["box", "box"])
        let token = start.keys.filter { $0.hasPrefix("CODER_RUNNING_WORKSPACE_AGENT_TOKEN_") }
        #expect(
            token == [
                "CODER_RUNNING_WORKSPACE_AGENT_TOKEN_e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            ]
        )
        #expect(Set(builds.map { $0[token[0]] }).count == 1)
        #expect(builds.map { $0["CODER_PARAMETER_\(Self.sizeHash)"] } == ["2", "4", "4"])
        #expect(builds.map { $0["CODER_PARAMETER_PREVIOUS_\(Self.sizeHash)"] } == [nil, "2", "4"])
        for name in [
            "TEMPLATE_ID", "TEMPLATE_NAME", "TEMPLATE_VERSION", "OWNER_GROUPS", "OWNER_RBAC_ROLES", "OWNER_LOGIN_TYPE",
        ] {
            #expect(Set(values("WORKSPACE_\(name)")).contains(nil) == false, "\(name)")
        }
        for name in ["SSH_PUBLIC_KEY", "SSH_PRIVATE_KEY", "SESSION_TOKEN", "OIDC_ACCESS_TOKEN"] {
            #expect(values("WORKSPACE_OWNER_\(name)") == ["", "", ""], "\(name)")
        }
        #expect(claim["CODER_AGENT_URL"]?.hasPrefix("http://127.0.0.1:") == true)
        #expect(delete["CODER_AGENT_SCRIPT_linux_arm64"]?.isEmpty == false)
    }

    /// The SHA-256 of `size`, in hexadecimal.
    private static let sizeHash = "ccdcbe846f3da4eb044fbdf64bf6b57902388ab72fb0c852ba72280f8d478b40"
}
