// SPDX-License-Identifier: Apache-2.0

import Domain
import SystemPackage
import Templates
import Testing

@testable import Provisioning

/// The values of presets and claims are the values that are built.
@Suite(.timeLimit(.minutes(2)), .enabled(if: hasTerraform))
struct TerraformValuesTests {
    let terraform: TerraformFixture

    init() throws {
        terraform = try TerraformFixture(environment: [
            "TF_CLI_ARGS": "-no-such-flag", "TF_CLI_ARGS_plan": "-var=size=5", "TF_VAR_size": "6",
            "TF_WORKSPACE": "other",
            "TF_DATA_DIR": "/tmp/elsewhere",
        ])
    }

    /// What a build's log shows of the line `built ...`.
    private func built(_ recorder: Recorder) -> [String] {
        recorder.lines.map(\.output).compactMap { line in
            line.firstRange(of: "(local-exec): built: ").map { String(line[$0.upperBound...]) }
        }
    }

    private let module = #"""
        variable "size" {
          type    = number
          default = 4
        }
        variable "tags" { type = list(string) }
        variable "free" { default = "module" }
        variable "shape" {
          type = object({ cpu = number, note = optional(string, "none") })
        }
        variable "stoker_workspace_owner" { type = string }
        resource "terraform_data" "x" {
          triggers_replace = [var.size]
          provisioner "local-exec" {
            command = "printf 'built: %s\\n' \"$SEEN\"; stat -c 'mode: %a' ../values.tfvars.json"
            environment = {
              SEEN = jsonencode([var.size, var.tags, var.free, var.shape, var.stoker_workspace_owner])
            }
          }
        }
        """#

    private let files: [ArchiveEntry] = [
        .file("terraform.tfvars", Array("size = 4\nstoker_workspace_owner = \"mallory\"\nfree = \"tfvars\"\n".utf8)),
        .file("z.auto.tfvars", Array("size = 5\ntags = [\"evil\"]\nshape = { cpu = 99 }\n".utf8)),
        .file("z.auto.tfvars.json", Array(#"{"size": 7, "undeclared": 1}"#.utf8)),
    ]

    private func parameters(_ size: String) -> [BuildParameter] {
        [
            BuildParameter(name: "size", value: size, type: "number"),
            BuildParameter(name: "tags", value: #"["a b","${x}","q\"\n"]"#, type: "list(string)"),
            BuildParameter(
                name: "shape",
                value: #"{"cpu":2}"#,
                type: "object({ cpu = number, note = optional(string, \"none\") })"
            ),
            BuildParameter(name: "unknown", value: "passed over", type: "string"),
            BuildParameter(name: "stoker_workspace_owner", value: "mallory", type: "string"),
        ]
    }

    @Test func `parameters and facts win over files of values, and what these set besides stays`() async throws {
        let archive = try terraform.archive(module, files)
        let recorder = Recorder()
        let first = try await terraform.build(archive, parameters: parameters("16"), reporter: recorder)
        let seen = #"[16,["a b","${x}","q\"\n"],"tfvars",{"cpu":2,"note":"none"},"ada"]"#
        #expect(built(recorder) == [seen])
        #expect(recorder.text.contains("mode: 600"))
        #expect(!recorder.text.contains("undeclared variable"))

        // The plan and its apply use the same values, as does a deletion.
        let second = Recorder()
        let next = try await terraform.build(
            archive,
            parameters: parameters("32.0"),
            state: first.state,
            reporter: second
        )
        #expect(built(second) == [seen.replacing("16", with: "32")])
        #expect(next.replacements.map(\.address) == ["terraform_data.x"])
        _ = try await terraform.build(archive, .delete, parameters: parameters("32"), state: next.state)
        #expect(try PrivateFiles.names(in: terraform.fixture.host.workDirectory.appending("executions")) == [])
    }

    @Test func `a value may be longer than an argument or a variable of the environment`() async throws {
        let archive = try terraform.archive(
            """
            variable "script" { type = string }
            variable "lines" { type = list(string) }
            output "sum" { value = 1 }
            resource "terraform_data" "x" { input = "${length(var.script)} ${length(var.lines[0])}" }
            """
        )
        let long = String(repeating: "0123456789", count: 30_000)
        let outcome = try await terraform.build(
            archive,
            parameters: [
                BuildParameter(name: "script", value: long),
                BuildParameter(name: "lines", value: "[\"\(long)\"]", type: "list(string)"),
            ]
        )
        #expect(String(decoding: outcome.state ?? [], as: UTF8.self).contains("300000 300000"))
    }

    @Test func `a value that no plan holds is given to the plan and to what applies it`() async throws {
        let archive = try terraform.archive(
            """
            variable "key" {
              type      = string
              ephemeral = true
            }
            variable "size" { type = number }
            resource "terraform_data" "x" {
              triggers_replace = [var.size]
              provisioner "local-exec" {
                command = "test \\"$KEY\\" = claimed && echo built: right"
                environment = { KEY = var.key }
              }
            }
            """,
            [.file("a.auto.tfvars", Array("key = \"stolen\"".utf8))]
        )
        var state: [UInt8]?
        for size in ["1", "2"] {
            let recorder = Recorder()
            let parameters = [
                BuildParameter(name: "key", value: "claimed"),
                BuildParameter(name: "size", value: size, type: "number"),
            ]
            state = try await terraform.build(archive, parameters: parameters, state: state, reporter: recorder).state
            #expect(recorder.text.contains("terraform_data.x: Creation complete"))
        }
    }

    @Test(arguments: [nil, Array("{}".utf8)] as [[UInt8]?])
    func `a value that the module refuses changes nothing, whatever its author says`(state: [UInt8]?) async throws {
        let archive = try terraform.archive(
            """
            variable "size" {
              type = number
              validation {
                condition     = var.size <= 16
                error_message = "The quota is 16 GB: rate limit reached, try again with less than ${var.size}."
              }
            }
            resource "terraform_data" "x" { input = var.size }
            """
        )
        var before: [UInt8]?
        if state != nil {
            let good = [BuildParameter(name: "size", value: "4", type: "number")]
            before = try await terraform.build(archive, parameters: good).state
        }
        let bad = [BuildParameter(name: "size", value: "99", type: "number")]
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await terraform.build(archive, stage: .claim, parameters: bad, state: before)
        }
        #expect(failure?.code == .invalid)
        #expect(failure?.isUntouched == true)
        #expect(failure?.state == before)
        #expect(
            failure?.message.hasPrefix(
                "variable 'size': Invalid value for variable: "
                    + "The quota is 16 GB: rate limit reached, try again with less than 99."
            ) == true
        )
    }

    @Test func `a value of another type is named, and a failure in the middle is not untouched`() async throws {
        let archive = try terraform.archive(
            """
            variable "names" { type = list(string) }
            variable "shape" { type = object({ cpu = number }) }
            resource "terraform_data" "x" {
              provisioner "local-exec" { command = "false" }
            }
            """
        )
        let shape = BuildParameter(name: "shape", value: #"{"cpu":1}"#, type: "object({ cpu = number })")
        let messages = [
            (#"["a""#, "variable 'names': '[\"a\"' is not a list of strings such as"),
            (
                #"{"a":1}"#,
                "variable 'names': Invalid value for input variable: The given value is not suitable for var.names"
            ),
        ]
        for (value, message) in messages {
            let names = BuildParameter(name: "names", value: value, type: "list(string)")
            let failure = await #expect(throws: ProvisioningFailure.self) {
                try await terraform.build(archive, parameters: [names, shape])
            }
            #expect(failure?.message.hasPrefix(message) == true)
            #expect(failure?.code == .invalid && failure?.isUntouched == true)
        }
        let names = BuildParameter(name: "names", value: "[]", type: "list(string)")
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await terraform.build(archive, parameters: [names, shape])
        }
        #expect(failure?.isUntouched == false)
    }
}
