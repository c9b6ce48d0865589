// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import SystemPackage
import Templates
import Testing

@testable import Provisioning

/// Diverged states of two executions: no resource of either is forgotten (jobs.md, "Leases").
@Suite(.timeLimit(.minutes(2)), .enabled(if: hasTerraform))
struct TerraformStatesTests {
    let terraform: TerraformFixture
    /// One line for each object that was destroyed: its name and its id.
    let destroyed: FilePath

    init() throws {
        terraform = try TerraformFixture()
        destroyed = terraform.fixture.root.appending("destroyed")
    }

    /// A number of disks, each of which reports its destruction.
    private func archive() throws -> TemplateArchive {
        try terraform.archive(
            """
            variable "disks" { type = list(string) }
            resource "terraform_data" "disk" {
              for_each = toset(var.disks)
              input    = each.key
              provisioner "local-exec" {
                when    = destroy
                command = "echo ${self.input} ${self.id} >> '\(destroyed)'"
              }
            }
            """
        )
    }

    private func disks(_ names: String...) -> [BuildParameter] {
        [
            BuildParameter(
                name: "disks",
                value: "[" + names.map { "\"\($0)\"" }.joined(separator: ",") + "]",
                type: "list(string)"
            )
        ]
    }

    /// What a state names: `name id`.
    private func named(in state: [UInt8]?) throws -> Set<String> {
        struct State: Decodable {
            struct Resource: Decodable { let instances: [Instance] }
            struct Instance: Decodable { let attributes: Attributes, index_key: String }
            struct Attributes: Decodable { let id: String }
            let resources: [Resource]
        }
        guard let state else { return [] }
        let instances = try JSONDecoder().decode(State.self, from: Data(state)).resources.flatMap(\.instances)
        return Set(instances.map { "\($0.index_key) \($0.attributes.id)" })
    }

    private var told: Set<String> {
        get throws {
            let text = try String(contentsOfFile: destroyed.string, encoding: .utf8)
            return Set(text.split(separator: "\n").map(String.init))
        }
    }

    @Test func `what a late state names beside the other is taken over, and destroyed with it`() async throws {
        let archive = try archive()
        let first = try await terraform.build(archive, parameters: disks("a")).state
        let late = try #require(try await terraform.build(archive, parameters: disks("a", "b"), state: first).state)
        let current = try await terraform.build(archive, parameters: disks("a", "c"), state: first).state
        let all = try named(in: late).union(named(in: current))
        #expect(all.count == 3)

        let (joined, rest) = terraform.provisioner.takingOver(late, into: current)
        #expect(try named(in: joined) == all)
        #expect(rest == nil)
        // Taken over once, it adds nothing more.
        #expect(terraform.provisioner.takingOver(late, into: joined).state == joined)

        _ = try await terraform.build(archive, .delete, parameters: disks("a"), state: joined)
        #expect(try told == all)
    }

    @Test func `a build goes on from what was taken over, and removes what its template no longer asks for`()
        async throws
    {
        let archive = try archive()
        let late = try #require(try await terraform.build(archive, parameters: disks("a", "b")).state)
        let joined = terraform.provisioner.takingOver(late, into: nil).state
        let built = try await terraform.build(archive, parameters: disks("a"), state: joined)
        #expect(built.resources.map(\.address) == [#"terraform_data.disk["a"]"#])
        #expect(try told == named(in: late).subtracting(named(in: built.state)))
    }

    @Test func `where both name another object at one address, a deletion destroys both`() async throws {
        let archive = try archive()
        let late = try #require(try await terraform.build(archive, parameters: disks("a", "b")).state)
        let current = try await terraform.build(archive, parameters: disks("a")).state
        let (joined, rest) = terraform.provisioner.takingOver(late, into: current)
        let left = try #require(rest)
        #expect(try named(in: joined).count == 2)
        #expect(try named(in: left).count == 1)

        let all = try named(in: late).union(named(in: current))
        #expect(all.count == 3)
        _ = try await terraform.build(archive, .delete, parameters: disks("a"), state: joined, lateStates: [left])
        #expect(try told == all)
    }

    @Test func `a late state alone is destroyed as well`() async throws {
        let archive = try archive()
        let late = try #require(try await terraform.build(archive, parameters: disks("a")).state)
        _ = try await terraform.build(archive, .delete, parameters: disks("a"), lateStates: [late])
        #expect(try told == named(in: late))
    }

    @Test func `what is no state is left over as it is`() {
        let state = Array(#"{"version": 4, "serial": 1, "resources": []}"#.utf8)
        for late in ["", "{}", #"{"version": 3}"#, "torn {"] {
            let joined = terraform.provisioner.takingOver(Array(late.utf8), into: state)
            #expect(joined.state == state)
            #expect(joined.rest == Array(late.utf8))
        }
    }
}
