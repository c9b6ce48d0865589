// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Synchronization
import SystemPackage
import Templates
import Testing

@testable import Provisioning

@Suite(.timeLimit(.minutes(2)), .enabled(if: hasTerraform))
struct TerraformCheckpointTests {
    let terraform: TerraformFixture
    /// A chain of resources, each of which is a file in `things`; the third waits for the file `go`.
    let archive: TemplateArchive
    let things: FilePath

    init() throws {
        terraform = try TerraformFixture()
        let things = terraform.fixture.root.appending("things")
        self.things = things
        try PrivateFiles.makeDirectory(things)
        let module = (1...4).map { number in
            """
            resource "terraform_data" "thing\(number)" {
              input = "\(things.string)/\(number)"
              \(number > 1 ? "depends_on = [terraform_data.thing\(number - 1)]" : "")
              provisioner "local-exec" {
                command = "\(number == 3 ? "while [ ! -e \(things.string)/go ]; do sleep 0.02; done; " : "")touch ${self.input}"
              }
              provisioner "local-exec" {
                when    = destroy
                command = "rm -f ${self.input}"
              }
            }
            """
        }
        archive = try terraform.archive(module.joined(separator: "\n"))
    }

    private static func resources(_ state: [UInt8]?) -> Set<String> {
        struct State: Decodable {
            struct Resource: Decodable { let name: String }
            let resources: [Resource]
        }
        guard let state, let decoded = try? JSONDecoder().decode(State.self, from: Data(state)) else { return [] }
        return Set(decoded.resources.map(\.name))
    }

    @Test func `each new state is a checkpoint while the apply goes on`() async throws {
        let go = things.appending("go")
        let recorder = Recorder { state in
            // The third resource begins only after the first two have been checkpointed.
            guard Self.resources(state).isSuperset(of: ["thing1", "thing2"]) else { return }
            do throws(FileFailure) { try PrivateFiles.replace(go, []) } catch { Issue.record(error) }
        }
        let outcome = try await terraform.build(archive, reporter: recorder)
        #expect(Self.resources(outcome.state) == ["thing1", "thing2", "thing3", "thing4"])
        #expect(recorder.checkpoints.contains { Self.resources($0).isSuperset(of: ["thing1", "thing2"]) })
        #expect(!recorder.checkpoints.contains { Self.resources($0).isEmpty })
    }

    @Test func `an apply that is killed is continued from its last checkpoint, then destroyed`() async throws {
        let control = terraform.fixture.control()
        let recorder = Recorder { state in
            if Self.resources(state).isSuperset(of: ["thing1", "thing2"]) { control.kill() }
        }
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await terraform.build(archive, reporter: recorder, control: control)
        }
        #expect(failure?.code == .interrupted)
        let checkpoint = try #require(recorder.checkpoints.last)
        #expect(Self.resources(checkpoint).isSuperset(of: ["thing1", "thing2"]))
        // Terraform may have written once more before it was killed.
        let left = failure?.state
        #expect(Self.resources(left).isSuperset(of: Self.resources(checkpoint)))
        #expect(try PrivateFiles.names(in: things) == ["1", "2"])

        try PrivateFiles.replace(things.appending("go"), [])
        let continued = try await terraform.build(archive, state: checkpoint)
        #expect(Self.resources(continued.state) == ["thing1", "thing2", "thing3", "thing4"])
        #expect(try PrivateFiles.names(in: things) == ["1", "2", "3", "4", "go"])

        #expect(try await terraform.build(archive, .delete, state: continued.state) == BuildOutcome())
        #expect(try PrivateFiles.names(in: things) == ["go"])
    }

    @Test func `an interrupted apply keeps what it has, and leaves nothing running`() async throws {
        let control = terraform.fixture.control()
        let recorder = Recorder { state in
            if Self.resources(state).isSuperset(of: ["thing1", "thing2"]) { control.interrupt(.drain) }
        }
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await terraform.build(archive, reporter: recorder, control: control)
        }
        #expect(failure?.code == .interrupted)
        let left = failure?.state
        #expect(Self.resources(left).isSuperset(of: ["thing1", "thing2"]))
        #expect(Fixture.processes(marked: things.string) == [])
        #expect(try await terraform.build(archive, .delete, state: failure?.state) == BuildOutcome())
        #expect(try PrivateFiles.names(in: things) == [])
    }

    @Test func `a slow checkpoint holds nothing up, and the newest state wins`() async throws {
        try PrivateFiles.replace(things.appending("go"), [])
        let first = Gate()
        let applied = Gate()
        let calls = Counter()
        let recorder = Recorder { _ in
            calls.add()
            if calls.value == 1 {
                first.open()
                await applied.opened()
            }
        }
        // The first checkpoint ends only after Terraform has finished all four resources.
        Task {
            await first.opened()
            await recorder.wait { $0.text.contains("thing4: Creation complete") }
            applied.open()
        }
        let outcome = try await terraform.build(archive, reporter: recorder)
        #expect(Self.resources(outcome.state).count == 4)
        // The first, the newest of those that came meanwhile, and what Terraform wrote after that: never one for each state.
        #expect(recorder.checkpoints.count <= 4)
    }
}
