// SPDX-License-Identifier: Apache-2.0

import Domain
import SystemPackage
import Templates
import Testing

@testable import Provisioning

/// A module's influence on its state file and on Terraform's output is bounded as a process's lines are.
@Suite(.timeLimit(.minutes(2)), .enabled(if: hasTerraform))
struct TerraformBoundsTests {
    let terraform: TerraformFixture

    init() throws {
        terraform = try TerraformFixture()
    }

    /// Two resources; the second runs the command once a checkpoint names the first.
    private func building(
        second: String,
        input: String = #""two""#,
        bounds: ChildBounds = ChildBounds()
    ) async throws -> (result: Result<BuildOutcome, ProvisioningFailure>, checkpoints: [[UInt8]]) {
        let go = terraform.fixture.root.appending("go")
        let module = """
            resource "terraform_data" "one" {
              input = "one"
            }
            resource "terraform_data" "wait" {
              depends_on = [terraform_data.one]
              provisioner "local-exec" {
                command = "while [ ! -e \(go) ]; do sleep 0.02; done; \(second)"
              }
            }
            resource "terraform_data" "two" {
              depends_on = [terraform_data.wait]
              input      = \(input)
            }
            """
        let recorder = Recorder { _ in
            do throws(FileFailure) { try PrivateFiles.replace(go, []) } catch { Issue.record(error) }
        }
        var host = terraform.fixture.host
        host.bounds = bounds
        let request = BuildRequest.fixture(try terraform.archive(module))
        do throws(ProvisioningFailure) {
            let outcome = try await TerraformProvisioner(host: host)
                .build(request, reporter: recorder, control: terraform.fixture.control())
            return (.success(outcome), recorder.checkpoints)
        } catch {
            return (.failure(error), recorder.checkpoints)
        }
    }

    private func failure(
        _ built: (result: Result<BuildOutcome, ProvisioningFailure>, checkpoints: [[UInt8]])
    ) throws -> ProvisioningFailure {
        guard case .failure(let failure) = built.result else {
            throw ProvisioningFailure(.failed, "the build succeeded")
        }
        return failure
    }

    @Test(arguments: ["mkfifo f; mv f ../state.json; sleep 40", "mkdir d; rm ../state.json; mv d ../state.json"])
    func `a state file that is none any more fails the build, and its last good state is kept`(command: String)
        async throws
    {
        let built = try await building(second: command)
        let failure = try failure(built)
        #expect(failure.code == .invalid)
        #expect(failure.message == "state.json is no regular file; only those are read.")
        let managed = TerraformStateFile(failure.state ?? [])?.managed.map(\.address)
        #expect(managed?.contains("terraform_data.one") == true)
        #expect(!built.checkpoints.isEmpty)
        #expect(
            try await terraform.fixture.host.spool.recover { Issue.record("\($0)") }.map(\.state) == [failure.state]
        )
    }

    @Test func `a state that grows beyond its bound fails the build, and the last that did not is kept`() async throws {
        let built = try await building(
            second: "true",
            input: #"join("", [for i in range(1000) : format("%0100d", i)])"#,
            bounds: ChildBounds(stateBytes: 50_000)
        )
        let failure = try failure(built)
        #expect(failure.code == .invalid)
        #expect(failure.message.contains(" bytes; at most 50000 are taken (worker.max_state_size)."))
        let kept = try #require(TerraformStateFile(failure.state ?? []))
        #expect(kept.managed.contains { $0.address == "terraform_data.one" })
        #expect(!kept.managed.contains { $0.address == "terraform_data.two" })
        let aside = try PrivateFiles.names(in: terraform.fixture.host.spool.directory).filter {
            $0.hasSuffix(".too-large")
        }
        #expect(aside.count == 1)
    }

    @Test func `an error of Terraform's is cut, whatever its module makes of it`() async throws {
        let module = """
            locals {
              holds = false
            }
            resource "terraform_data" "one" {
              lifecycle {
                precondition {
                  condition     = local.holds
                  error_message = join("", [for i in range(1000) : format("%0300d", i)])
                }
              }
            }
            """
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await terraform.build(try terraform.archive(module))
        }
        #expect(failure?.code == .invalid)
        #expect(failure?.message.contains("Resource precondition failed") == true)
        #expect((failure?.message.utf8.count ?? .max) < ChildBounds.textBytes)
    }
}
