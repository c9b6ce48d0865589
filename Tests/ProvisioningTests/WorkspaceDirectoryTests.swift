// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Glibc
import Prebuilds
import SystemPackage
import Templates
import Testing

@testable import Provisioning

/// The one path of all executions of a workspace.
@Suite(.timeLimit(.minutes(1)))
struct WorkspaceDirectoryTests {
    let fixture: Fixture
    let workspace = WorkspaceID.random()

    init() throws {
        fixture = try Fixture()
    }

    private var root: FilePath { fixture.host.workDirectory }
    private var place: FilePath { root.appending("workspaces").appending("\(workspace)") }

    private func execution(_ epoch: Int64) -> HeldJob {
        HeldJob(id: JobID(high: 1, low: 2), epoch: epoch)
    }

    private func create(_ epoch: Int64, state: String? = nil) throws -> WorkDirectory? {
        try WorkDirectory.create(execution(epoch), for: workspace, root: root, state: state.map { Array($0.utf8) })
    }

    @Test func `executions of a workspace follow each other on one path, and never share it`() throws {
        let first = try #require(try create(1))
        #expect(first.path == place.appending("run"))
        #expect(try create(2) == nil)
        try PrivateFiles.create(first.path.appending("secret"), [1])
        first.removeNow()
        let second = try #require(try create(2))
        #expect(second.path == first.path)
        #expect(try PrivateFiles.names(in: second.path) == ["home", "tmp"])
        // The removal of the first may come late: it removes nothing of the second.
        first.removeNow()
        #expect(try PrivateFiles.names(in: place) == ["\(execution(2))", "run"])
        let other = try WorkDirectory.create(execution(9), for: .random(), root: root, state: nil)
        #expect(other != nil)
    }

    @Test func `what a dead execution left is in the spool before the next one has its path`() async throws {
        do {
            let dead = try #require(try create(1, state: "{}"))
            _fixLifetime(dead)
        }
        // A process that another test starts at this moment holds a copy of the lock until it executes its program.
        var next = try create(2)
        while next == nil { next = try create(2) }
        #expect(try PrivateFiles.read(fixture.host.spool.file(execution(1))) == Array("{}".utf8))
        #expect(next?.path == place.appending("run"))
        let spooled = try await fixture.host.spool.recover { Issue.record("\($0)") }
        #expect(spooled == [SpooledState(execution(1), state: Array("{}".utf8))])
        #expect(try PrivateFiles.names(in: place) == ["\(execution(2))", "run"])
    }

    @Test func `a template cannot pass for another execution: whose the directory is stands outside of it`() throws {
        let directory = try #require(try create(1))
        try PrivateFiles.create(directory.path.appending("\(execution(7))"), [])
        #expect(try WorkPlace.found(at: place)?.execution == execution(1))
    }

    @Test func `where another process holds the directory, a build has one of its own, and says so`() async throws {
        let holder = try #require(try create(1))
        let recorder = Recorder()
        let control = fixture.control()
        let log = ExecutionLog(recorder, control, Redactor(secrets: []))
        let path = try await fixture.host.withWorkDirectory(execution(2), for: workspace, control: control, log: log) {
            directory throws(ProvisioningFailure) in directory.path
        }
        #expect(path.removingLastComponent() == root.appending("executions"))
        #expect(recorder.text.contains("still holds the workspace's directory"))
        _fixLifetime(holder)
    }

    @Test func `a directory that is nobody's after a loss of power goes`() async throws {
        try PrivateFiles.makeDirectory(place.appending("run"))
        var times = [timeval(), timeval()]
        for index in times.indices { times[index].tv_sec = time(nil) - 90 }
        try #require(utimes(place.string, times) == 0)
        _ = try await fixture.host.spool.recover { Issue.record("\($0)") }
        #expect(try PrivateFiles.names(in: place.removingLastComponent()) == [])
    }
}

@Suite(.timeLimit(.minutes(2)), .enabled(if: hasTerraform))
struct TerraformPathTests {
    @Test func `a claim by another worker of the same work directory finds the paths of the prebuild`() async throws {
        let pool = try TerraformFixture()
        let archive = try pool.archive(
            """
            resource "terraform_data" "paths" {
              input            = [path.cwd, abspath(path.module), abspath("x")]
              triggers_replace = [path.cwd, abspath(path.module), abspath("x")]
            }
            output "cwd" { value = path.cwd }
            """
        )
        let prebuild = try await pool.build(archive, stage: .create)
        let claimant = TerraformProvisioner(host: pool.fixture.host)
        let recorder = Recorder()
        let claimed = try await claimant.build(
            .fixture(archive, stage: .claim, state: prebuild.state, policy: .block),
            reporter: recorder,
            control: pool.fixture.control()
        )
        #expect(claimed.replacements == [])
        #expect(recorder.text.contains("Plan: 0 to add, 0 to change, 0 to destroy."))
        #expect(String(decoding: claimed.state ?? [], as: UTF8.self).contains("/workspaces/"))
        #expect(try PrivateFiles.names(in: pool.fixture.host.workDirectory.appending("workspaces")) == [])
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ProcessPathTests {
    @Test func `a process template runs at one path for all builds of a workspace`() async throws {
        let fixture = try Fixture()
        let archive = try fixture.archive([
            .file("provision", Array("#!/bin/sh\necho at $(pwd -P)\n".utf8), executable: true)
        ])
        var said: Set<String> = []
        for transition in [Transition.start, .stop, .start] {
            let recorder = Recorder()
            _ = try await ProcessProvisioner(host: fixture.host).build(
                .fixture(archive, transition),
                reporter: recorder,
                control: fixture.control()
            )
            said.insert(recorder.text)
        }
        #expect(said.count == 1)
        #expect(said.first?.contains("at /") == true)
    }
}
