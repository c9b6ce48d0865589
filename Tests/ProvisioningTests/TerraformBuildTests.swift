// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage
import Templates
import Testing

@testable import Provisioning

@Suite(.timeLimit(.minutes(2)), .enabled(if: hasTerraform))
struct TerraformBuildTests {
    let terraform: TerraformFixture

    init() throws {
        terraform = try TerraformFixture()
    }

    @Test func `a workspace is started, stopped and deleted`() async throws {
        let archive = try terraform.archive(
            """
            variable "stoker_workspace_transition" { default = "start" }
            variable "stoker_workspace_owner" {}
            variable "zones" { type = list(string) }
            resource "terraform_data" "home" { input = var.stoker_workspace_owner }
            module "compute" {
              source = "./compute"
              names  = var.stoker_workspace_transition == "start" ? var.zones : []
            }
            """,
            [
                .file(
                    "compute/main.tf",
                    Array(
                        """
                        variable "names" { type = list(string) }
                        resource "terraform_data" "machine" {
                          for_each = toset(var.names)
                          input    = each.key
                        }
                        """.utf8
                    )
                )
            ]
        )
        let zones = [BuildParameter(name: "zones", value: #"["a","b"]"#, type: "list(string)")]
        let recorder = Recorder()
        let started = try await terraform.build(archive, stage: .create, parameters: zones, reporter: recorder)
        #expect(
            started.resources == [
                BuiltResource(type: "terraform_data", name: "home", address: "terraform_data.home"),
                BuiltResource(
                    type: "terraform_data",
                    name: "machine",
                    address: #"module.compute.terraform_data.machine["a"]"#
                ),
                BuiltResource(
                    type: "terraform_data",
                    name: "machine",
                    address: #"module.compute.terraform_data.machine["b"]"#
                ),
            ]
        )
        #expect(started.replacements == [])
        #expect(String(decoding: started.state ?? [], as: UTF8.self).contains(#""input": {"#))
        let stages = Set(recorder.lines.map(\.stage))
        // Nothing existed that could be replaced.
        #expect(stages == ["init", "apply"])
        let steps = Set(recorder.timings.map { "\($0.stage) \($0.action) \($0.resource)" })
        let expected: Set = ["init init ", "apply apply ", "apply create terraform_data.home"]
        #expect(expected.subtracting(steps) == [])

        let second = Recorder()
        let stopped = try await terraform.build(
            archive,
            .stop,
            parameters: zones,
            state: started.state,
            reporter: second
        )
        #expect(Set(second.lines.map(\.stage)) == ["init", "plan", "apply"])
        #expect(stopped.resources.map(\.address) == ["terraform_data.home"])

        let deleted = try await terraform.build(archive, .delete, parameters: zones, state: stopped.state)
        #expect(deleted == BuildOutcome())
    }

    @Test func `deleting what was never created is done at once`() async throws {
        let archive = TemplateArchive(hash: "none") {
            Issue.record("the archive was fetched")
            return []
        }
        #expect(try await terraform.build(archive, .delete) == BuildOutcome())
    }

    @Test func `a version is initialised once, and its module cannot be changed by a build`() async throws {
        let loads = Counter()
        let bytes = try TarArchive.pack([
            .file(
                "main.tf",
                Array(
                    """
                    resource "terraform_data" "x" {
                      provisioner "local-exec" { command = "echo resource terraform_data spoilt {} >> more.tf" }
                    }
                    """.utf8
                )
            )
        ])
        let archive = terraform.fixture.archive(bytes, loads: loads)
        let first = Recorder()
        _ = try await terraform.build(archive, reporter: first)
        let second = Recorder()
        _ = try await terraform.build(archive, reporter: second)
        #expect(first.timings.count { $0.stage == "init" } == 1)
        #expect(second.timings.count { $0.stage == "init" } == 0)
        #expect(second.lines.first?.output == "Using the copy of this version that is initialised already.")
        #expect(loads.value == 1)
    }

    @Test func `builds of a new version at the same time initialise it once`() async throws {
        let loads = Counter()
        let bytes = try TarArchive.pack([.file("main.tf", Array("resource terraform_data x {}".utf8))])
        let archive = terraform.fixture.archive(bytes, loads: loads)
        let recorder = Recorder()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 1...4 {
                group.addTask { [terraform] in _ = try await terraform.build(archive, reporter: recorder) }
            }
            try await group.waitForAll()
        }
        #expect(loads.value == 1)
        #expect(recorder.timings.count { $0.stage == "init" } == 1)
    }

    @Test func `no sensitive value is in a log or a message`() async throws {
        let archive = try terraform.archive(
            """
            variable "password" {
              type      = string
              sensitive = true
            }
            resource "terraform_data" "x" {
              provisioner "local-exec" { command = "echo ${nonsensitive(var.password)}; exit 1" }
            }
            """
        )
        let recorder = Recorder()
        let parameters = [BuildParameter(name: "password", value: "hush-hush", sensitive: true)]
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await terraform.build(archive, parameters: parameters, reporter: recorder)
        }
        #expect(recorder.text.contains("(sensitive)"))
        #expect(!recorder.text.contains("hush-hush"))
        #expect(failure?.message.contains("(sensitive)") == true)
        #expect(failure?.message.contains("hush-hush") == false)
        #expect(failure?.state != nil)
    }

    @Test func `a module's own backend is overridden`() async throws {
        let archive = try terraform.archive(
            """
            terraform {
              backend "s3" { bucket = "elsewhere" }
            }
            resource "terraform_data" "x" {}
            """
        )
        let outcome = try await terraform.build(archive)
        #expect(outcome.resources.map(\.address) == ["terraform_data.x"])
        #expect(try await terraform.build(archive, .delete, state: outcome.state) == BuildOutcome())
    }

    @Test func `an archive that names a place outside of itself is refused`() async throws {
        let good = try TarArchive.pack([.file("aa/evil.tf", Array("x".utf8))])
        // The header's checksum is recomputed for the new name.
        var bytes = good
        let name = Array("../evil.tf".utf8)
        let header = try #require(Self.header(named: "aa/evil.tf", in: bytes))
        bytes.replaceSubrange(header..<header + name.count, with: name)
        Self.fixChecksum(of: header, in: &bytes)
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await terraform.build(terraform.fixture.archive(bytes))
        }
        #expect(failure?.code == .invalid)
        #expect(failure?.message.contains("climbs with `..`") == true)
        #expect(try PrivateFiles.names(in: terraform.fixture.root) == [])
    }

    private static func header(named name: String, in bytes: [UInt8]) -> Int? {
        stride(from: 0, to: bytes.count, by: 512).first { bytes[$0...].starts(with: name.utf8) }
    }

    private static func fixChecksum(of header: Int, in bytes: inout [UInt8]) {
        let field = header + 148..<header + 156
        bytes.replaceSubrange(field, with: [UInt8](repeating: 0x20, count: 8))
        let sum = bytes[header..<header + 512].reduce(0) { $0 + Int($1) }
        let digits = String(sum, radix: 8)
        let text = String(repeating: "0", count: 6 - digits.count) + digits + "\0 "
        bytes.replaceSubrange(field, with: Array(text.utf8))
    }

    @Test func `Terraform that is missing or too old is named`() async throws {
        let fixture = try Fixture()
        let archive = try fixture.archive([.file("main.tf", Array("".utf8))])
        let missing = TerraformProvisioner(host: fixture.host, configuration: .init(binary: "/nowhere/terraform"))
        await #expect(
            throws: ProvisioningFailure(
                .failed,
                "terraform.binary is /nowhere/terraform, and there is no program of that name."
            )
        ) {
            try await missing.build(.fixture(archive), reporter: Recorder(), control: fixture.control())
        }
        let old = fixture.root.appending("terraform")
        try PrivateFiles.create(old, Array("#!/bin/sh\necho '{\"terraform_version\":\"1.0.11\"}'\n".utf8), mode: 0o700)
        let outdated = TerraformProvisioner(host: fixture.host, configuration: .init(binary: old))
        let message = "\(old.string) is version 1.0.11; 1.1 or newer is needed. Install it, or set terraform.binary."
        await #expect(throws: ProvisioningFailure(.failed, message)) {
            try await outdated.build(.fixture(archive), reporter: Recorder(), control: fixture.control())
        }
    }

    @Test func `the installed Terraform can be asked for`() async throws {
        let installation = try await terraform.provisioner.installation()
        #expect(TerraformInstallation.isSupported(installation.version))
        #expect(["1.1.0", "1.11.4", "2.0.0", "1.6.0-beta1"].allSatisfy(TerraformInstallation.isSupported))
        #expect(!["1.0.11", "0.15.5", "", "x.y"].contains(where: TerraformInstallation.isSupported))
    }
}
