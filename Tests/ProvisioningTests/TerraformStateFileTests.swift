// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Subprocess
import SystemPackage
import Templates
import Testing

@testable import Provisioning

@Suite(.enabled(if: hasTerraform, "there is neither terraform nor tofu")) struct TerraformStateFileTests {
    @Test func `what the state file names is what Terraform itself shows`() async throws {
        let terraform = try TerraformFixture()
        let archive = try terraform.archive(
            #"""
            resource "terraform_data" "one" {}
            resource "terraform_data" "counted" { count = 2 }
            resource "terraform_data" "named" { for_each = toset(["a b", "quote\"", "back\\slash", "$${sign}", "line\n"]) }
            module "inner" {
              source   = "./inner"
              for_each = toset(["x.y"])
            }
            """#,
            [.file("inner/main.tf", Array(#"resource "terraform_data" "deep" { count = 1 }"#.utf8))]
        )
        let outcome = try await terraform.build(archive)
        let file = terraform.fixture.root.appending("shown.json")
        try PrivateFiles.create(file, outcome.state ?? [])
        let shown = try await Subprocess.run(
            .name("terraform"),
            arguments: ["show", "-json", file.string],
            environment: .inherit.updating(["TF_CLI_CONFIG_FILE": "/dev/null"]),
            workingDirectory: terraform.fixture.root,
            output: .string(limit: 1 << 20),
            error: .discarded
        )
        let state = try JSONDecoder().decode(TerraformState.self, from: Data(shown.standardOutput.utf8))
        #expect(Set(outcome.resources) == Set(state.resources))
        #expect(outcome.resources.count == 9)
    }

    @Test func `a file of another version is left to Terraform`() {
        #expect(TerraformStateFile(Array(#"{"version": 5, "resources": []}"#.utf8)) == nil)
        #expect(TerraformStateFile(Array(#"{"version": 4, "resources": ["#.utf8)) == nil)
        #expect(TerraformStateFile(Array(#"{"version": 4, "resources": []}"#.utf8))?.managed == [])
    }
}
