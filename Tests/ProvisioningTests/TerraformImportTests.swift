// SPDX-License-Identifier: Apache-2.0

import Domain
import Templates
import Testing

@testable import Provisioning

@Suite(.timeLimit(.minutes(2)), .enabled(if: hasTerraform))
struct TerraformImportTests {
    let terraform: TerraformFixture

    init() throws {
        terraform = try TerraformFixture()
    }

    private let yaml = """
        name: go-dev
        agents: [main]
        presets:
          - name: us
            parameters: { region: us }
            prebuilds: { instances: 1 }
          - name: eu
            parameters: { region: eu }
        """

    @Test func `a version's manifest holds its variables, and every preset has been planned`() async throws {
        let recorder = Recorder()
        let manifest = try await terraform.importVersion(
            yaml,
            """
            variable "region" { type = string }
            variable "stoker_workspace_owner" {}
            variable "stoker_agent_token_main" {}
            resource "terraform_data" "x" { input = "${var.region} ${var.stoker_workspace_owner}" }
            """,
            reporter: recorder
        )
        #expect(manifest.parameters == [TemplateParameter(name: "region")])
        #expect(manifest.presets.map(\.name) == ["us", "eu"])
        #expect(
            recorder.lines.filter { $0.output.hasPrefix("Rehearsing") }.map(\.output) == [
                "Rehearsing preset us.", "Rehearsing preset eu.",
            ]
        )
        #expect(recorder.lines.count { $0.output == "terraform_data.x: Plan to create" } == 2)
    }

    @Test func `a mistake in the module is found at its place`() async throws {
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await terraform.importVersion(
                yaml,
                """
                variable "region" { type = string }
                resource "terraform_data" "x" {
                  imput = var.region
                }
                """
            )
        }
        let message =
            #"main.tf:3:3: Unsupported argument: An argument named "imput" is not expected here. Did you mean "input"?"#
        #expect(failure == ProvisioningFailure(.invalid, message))
    }

    @Test func `a mistake in stoker.yaml is found before Terraform is run`() async throws {
        let recorder = Recorder()
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await terraform.importVersion(
                yaml.replacing("instances: 1", with: "instances: many"),
                #"variable "region" {}"#,
                reporter: recorder
            )
        }
        #expect(failure?.code == .invalid)
        #expect(failure?.message.hasPrefix("stoker.yaml:6:") == true)
        #expect(recorder.timings == [])
    }

    @Test func `a preset that cannot be planned is named`() async throws {
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await terraform.importVersion(
                yaml,
                """
                variable "region" {
                  type = string
                  validation {
                    condition     = lower(var.region) != "eu"
                    error_message = "There is no eu."
                  }
                }
                """
            )
        }
        #expect(failure?.code == .invalid)
        #expect(
            failure?.message.hasPrefix("preset eu: variable 'region': Invalid value for variable: There is no eu.")
                == true
        )
    }

    @Test func `what has no values yet is not planned`() async throws {
        let recorder = Recorder()
        _ = try await terraform.importVersion("name: bare", #"variable "region" {}"#, reporter: recorder)
        #expect(recorder.lines.contains { $0.output == "Not rehearsing the defaults: no value for region." })
    }

    @Test func `a template made for another provisioner is refused`() async throws {
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await terraform.importVersion("name: x\nprovisioner: echo", "")
        }
        #expect(failure?.code == .invalid)
    }
}
