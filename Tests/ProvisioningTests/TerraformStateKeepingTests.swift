// SPDX-License-Identifier: Apache-2.0

import Domain
import Glibc
import SystemPackage
import Templates
import Testing

@testable import Provisioning

/// No template can take its state away from Stoker.
@Suite(.timeLimit(.minutes(2)), .enabled(if: hasTerraform))
struct TerraformStateKeepingTests {
    let terraform: TerraformFixture

    init() throws {
        terraform = try TerraformFixture()
    }

    private var module: String {
        let log = terraform.fixture.root.appending("destroyed").string
        return """
            terraform {
              backend "s3" { bucket = "elsewhere" }
            }
            resource "terraform_data" "x" {
              input = "\(log)"
              provisioner "local-exec" {
                when    = destroy
                command = "echo gone >> ${self.input}"
              }
            }
            """
    }

    private static let cloud =
        "terraform {\n  cloud {\n    organization = \"o\"\n    workspaces {\n      name = \"w\"\n    }\n  }\n}"
    private static let elsewhere = "terraform {\n  backend \"local\" {\n    path = \"stolen.tfstate\"\n  }\n}"
    private static let json = #"{"terraform": [{"backend": {"local": {"path": "stolen.tfstate"}}}]}"#

    private static let thieves: [(files: [(name: String, text: String)], about: String)] = [
        ([("team_override.tf", elsewhere)], "a name behind the usual ones"),
        ([("override.tf", elsewhere)], "the plain name"),
        ([("zzzz_override.tf", cloud)], "cloud"),
        ([("zzzz_override.tf.json", json)], "JSON"),
        ([("ZZ_override.tf", elsewhere), ("zz_override.tf.json", json)], "two"),
        ([("ÿ_override.tf", elsewhere), ("\u{1F600}_override.tf", cloud)], "beyond ASCII"),
        (
            [("\u{10FFFF}_override.tf.json", json), ("\u{10FFFF}\u{10FFFF}_override.tf", elsewhere)],
            "the last character"
        ),
        ([("stoker_backend_override.tf.json", json)], "a name of Stoker's"),
        ([("~_override.tf", elsewhere), ("a_override.tf", cloud)], "first and last"),
        ([(".terraform/environment", "other")], "a chosen workspace"),
        (
            [
                (
                    ".terraform/terraform.tfstate",
                    #"{"version":3,"backend":{"type":"s3","config":{"bucket":"b","key":"k"},"hash":1}}"#
                )
            ],
            "a configured backend"
        ),
        (
            [
                (
                    "terraform.tfstate",
                    #"{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"l","outputs":{"a":{"value":"b","type":"string"}},"resources":[]}"#
                )
            ],
            "a state of its own"
        ),
        ([("terraform.tfvars", "x = 1"), ("sub/z_override.tf", elsewhere)], "not read"),
    ]

    @Test(arguments: thieves.indices)
    func `the state is Stoker's whatever the template says, and a deletion destroys`(index: Int) async throws {
        let files = Self.thieves[index].files.map { ArchiveEntry.file($0.name, Array($0.text.utf8)) }
        let archive = try terraform.archive(module, files)
        let outcome = try await terraform.build(archive)
        let state = try #require(outcome.state)
        #expect(TerraformStateFile(state)?.managed.map(\.address) == ["terraform_data.x"])
        // Again, with the initialized copy and its own plan.
        let again = try await terraform.build(archive, state: state)
        #expect(again.resources.map(\.address) == ["terraform_data.x"])
        _ = try await terraform.build(archive, .delete, state: again.state)
        let destroyed = try PrivateFiles.read(terraform.fixture.root.appending("destroyed")) ?? []
        #expect(String(decoding: destroyed, as: UTF8.self) == "gone\n")
    }

    @Test func `Stoker's override comes behind all that Terraform and OpenTofu merge`() throws {
        let copy = terraform.fixture.root.appending("copy")
        try PrivateFiles.makeDirectory(copy)
        let names = [
            "z_override.tofu", "\u{10FFFF}_override.tofu.json", "\u{10FFFF}\u{10FFFF}_override.tofu", "main.tf",
            "~x_override.tf",
            "\u{10FFFF}\u{10FFFF}\u{10FFFF}.tf", ".\u{10FFFF}_override.tf",
        ]
        for name in names { try PrivateFiles.create(copy.appending(name), []) }
        try TerraformBackend.prepare(copy)
        let added = Set(try PrivateFiles.names(in: copy)).subtracting(names)
        let ours = try #require(added.first)
        #expect(added.count == 1)
        #expect(TerraformVariables.isOverride(ours) && ours.hasSuffix(".tf.json"))
        for other in names where TerraformVariables.isOverride(other) {
            #expect(other.utf8.lexicographicallyPrecedes(ours.utf8), "\(other.utf8.map { String($0, radix: 16) })")
        }
    }

    @Test func `a template that leaves no name behind its own is refused`() async throws {
        let name = String(repeating: "\u{10FFFF}", count: 60) + "_override.tf"
        let archive = try terraform.archive(module, [.file(name, Array(Self.elsewhere.utf8))])
        let failure = await #expect(throws: ProvisioningFailure.self) { try await terraform.build(archive) }
        #expect(failure?.code == .invalid)
        #expect(failure?.message.hasSuffix("its name leaves no room for Stoker's own override file") == true)
    }

    @Test func `another backend than Stoker's is found after init, and named with its place`() throws {
        let copy = terraform.fixture.root.appending("copy")
        try PrivateFiles.makeDirectory(copy.appending(".terraform"))
        try PrivateFiles.create(copy.appending("a_override.tf"), Array(Self.cloud.utf8))
        let taken = copy.appending(".terraform/terraform.tfstate")
        try PrivateFiles.create(taken, Array(#"{"version":3,"backend":{"type":"cloud","config":{"path":null}}}"#.utf8))
        let failure = #expect(throws: ProvisioningFailure.self) { try TerraformBackend.check(copy) }
        #expect(failure?.code == .invalid)
        #expect(failure?.message.contains("the backend 'cloud'") == true)
        #expect(failure?.message.hasSuffix("Remove a_override.tf:2: cloud.") == true)
        unlink(taken.string)
        #expect(throws: ProvisioningFailure.self) { try TerraformBackend.check(copy) }
    }

    @Test func `a start that leaves no state of what it has made is a failed build`() async throws {
        let archive = try terraform.archive(
            """
            resource "terraform_data" "x" {
              provisioner "local-exec" { command = "rm -f ../state.json" }
            }
            """
        )
        let failure = await #expect(throws: ProvisioningFailure.self) { try await terraform.build(archive) }
        #expect(failure?.code == .failed)
        #expect(
            failure?.message.hasPrefix(
                "Terraform says that it has created or changed 1 resources, and there is no state"
            ) == true
        )
    }

    @Test func `a start of a module without resources needs none`() async throws {
        let outcome = try await terraform.build(try terraform.archive("output \"x\" { value = 1 }"))
        #expect(outcome.resources == [])
    }
}
