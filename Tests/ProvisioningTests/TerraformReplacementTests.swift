// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Templates
import Testing

@testable import Provisioning

@Suite(.timeLimit(.minutes(2)), .enabled(if: hasTerraform))
struct TerraformReplacementTests {
    let terraform: TerraformFixture
    let archive: TemplateArchive

    init() throws {
        terraform = try TerraformFixture()
        archive = try terraform.archive(
            """
            variable "stoker_workspace_owner" {}
            variable "stoker_claim" {}
            resource "terraform_data" "untouched" { input = "same" }
            resource "terraform_data" "in_place" { input = var.stoker_workspace_owner }
            resource "terraform_data" "replaced" {
              triggers_replace = { owner = { claim = [var.stoker_claim] } }
            }
            resource "terraform_data" "replaced_first" {
              triggers_replace = var.stoker_claim
              lifecycle { create_before_destroy = true }
            }
            resource "terraform_data" "ignored" {
              triggers_replace = var.stoker_claim
              lifecycle { ignore_changes = [triggers_replace] }
            }
            """
        )
    }

    private let replacements = [
        Replacement(
            address: "terraform_data.replaced",
            paths: ["triggers_replace"],
            reason: "replace_because_cannot_update"
        ),
        Replacement(
            address: "terraform_data.replaced_first",
            paths: ["triggers_replace"],
            reason: "replace_because_cannot_update"
        ),
    ]

    @Test func `a claim reports what it replaces, and nothing else`() async throws {
        let prebuild = try await terraform.build(archive, stage: .create)
        #expect(prebuild.replacements == [])
        let recorder = Recorder()
        let claimed = try await terraform.build(archive, stage: .claim, state: prebuild.state, reporter: recorder)
        #expect(claimed.replacements == replacements)
        #expect(claimed.resources.count == 5)
        // It is reported in advance, too: an execution that is killed during the apply cannot report it.
        #expect(recorder.replacing == replacements)
    }

    @Test(arguments: [ReplacementPolicy.block, .fresh])
    func `a policy stops the claim before anything is changed`(policy: ReplacementPolicy) async throws {
        let prebuild = try await terraform.build(archive, stage: .create)
        let recorder = Recorder()
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await terraform.build(
                archive,
                stage: .claim,
                state: prebuild.state,
                policy: policy,
                reporter: recorder
            )
        }
        let message =
            "The claim would replace terraform_data.replaced (triggers_replace), terraform_data.replaced_first "
            + "(triggers_replace), and terraform.replacement_policy is \(policy.rawValue): nothing was changed, and the "
            + "prebuild goes back to its pool."
        #expect(
            failure
                == ProvisioningFailure(.replacementBlocked, message, state: prebuild.state, replacements: replacements)
        )
        #expect(recorder.timings.allSatisfy { $0.stage != "apply" })
        #expect(recorder.checkpoints == [])
    }

    @Test func `the policy is for claims alone`() async throws {
        let prebuild = try await terraform.build(archive, stage: .claim)
        let rebuilt = try await terraform.build(archive, stage: .none, state: prebuild.state, policy: .block)
        #expect(rebuilt.replacements == replacements)
    }

    @Test func `a tainted resource is a replacement without paths`() async throws {
        let prebuild = try await terraform.build(archive, stage: .claim)
        let tainted = String(decoding: prebuild.state ?? [], as: UTF8.self).replacing(
            #""schema_version": 0,"#,
            with: #""status": "tainted", "schema_version": 0,"#,
            maxReplacements: 1
        )
        let claimed = try await terraform.build(archive, stage: .claim, state: Array(tainted.utf8))
        #expect(
            claimed.replacements == [
                Replacement(address: "terraform_data.ignored", paths: [], reason: "replace_because_tainted")
            ]
        )
    }

    @Test func `paths into collections are written with dots`() throws {
        let plan = """
            {"resource_changes": [
              {"address": "a.b", "change": {"actions": ["create", "delete"], "replace_paths": [["disk", 0, "size"], ["zone"]]}},
              {"address": "a.c", "change": {"actions": ["update"]}},
              {"address": "a.d", "change": {"actions": ["delete"]}},
              {"address": "a.e", "change": {"actions": ["no-op"]}}
            ]}
            """
        let decoded = try JSONDecoder().decode(TerraformPlan.self, from: Data(plan.utf8))
        #expect(decoded.replacements == [Replacement(address: "a.b", paths: ["disk.0.size", "zone"])])
    }
}
