// SPDX-License-Identifier: Apache-2.0

import CLinux
import Domain
import Glibc
import SystemPackage
import Templates
import Testing

@testable import Provisioning

@Suite struct IsolationRuleTests {
    @Test func `a confinement survives the command line`() throws {
        var confinement = Confinement()
        #expect(Confinement(text: confinement.text) == confinement)
        confinement.gainsNothing = true
        confinement.hasRules = true
        confinement.identity = TemplateUser.Identity(user: 7, group: 8)
        confinement.mask = 0o022
        confinement.limits = ChildLimits(processes: 1, openFiles: 2, fileSize: 1 << 40)
        #expect(Confinement(text: confinement.text) == confinement)
        #expect(Confinement(text: "1:1") == nil)
    }

    @Test func `a workspace has the same user always, and no other's`() {
        let own = TemplateUser.own
        let names = (0..<500).map { "workspace-\($0)" }
        let users = Set(names.map { own.identity(of: $0).user } + [own.identity(of: nil).user])
        #expect(users.count == 501)
        #expect(users.allSatisfy { (1_879_048_192...2_147_352_575).contains($0) })
        #expect(own.identity(of: "workspace-1") == own.identity(of: "workspace-1"))
        #expect(TemplateUser.account(user: 5, group: 6).identity(of: "any") == TemplateUser.Identity(user: 5, group: 6))
    }
}

/// Real children, under the rules of this machine's kernel.
@Suite(
    .enabled(if: stoker_landlock_version() >= STOKER_LANDLOCK_OLDEST, "needs Landlock"),
    .timeLimit(.minutes(1))
)
struct IsolationTests {
    /// What a script prints; each line of what is refused begins with `no`.
    private func output(_ script: String, in fixture: Fixture) async throws -> [String] {
        let result = try await fixture.shell(script)
        #expect(result.status == .exited(0), "\(String(decoding: result.errors, as: UTF8.self))")
        return String(decoding: result.output, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test func `what is added is open, but for the secrets in it`() async throws {
        let area = FilePath("/tmp/stoker-isolation-\(UInt64.random(in: 0...UInt64.max))")
        defer { FileTree.remove(area) }
        try PrivateFiles.makeDirectory(area.appending("in/side"))
        try PrivateFiles.makeDirectory(area.appending("written"))
        for name in ["plain", "in/plain", "in/secret", "in/side/secret", "in/side/plain"] {
            try PrivateFiles.create(area.appending(name), Array(name.utf8))
        }
        var isolation = Isolation(
            readable: [area.appending("in")],
            writable: [area.appending("written")],
            secrets: [area.appending("in/secret"), area.appending("in/side/secret")],
            user: .account(user: 0, group: 0)
        )
        let fixture = try Fixture(isolation: isolation)
        let reads =
            "for f in plain in/plain in/secret in/side/secret in/side/plain; do cat \(area)/$f || echo no; echo; done"
        let lines = try await output("\(reads); ls \(area)/in | wc -l", in: fixture)
        #expect(lines == ["no", "in/plain", "no", "no", "in/side/plain", "3"])
        let writes = """
            for f in in/new in/plain new written/new; do (echo x >\(area)/$f) 2>/dev/null || echo no; done
            mv \(area)/in/plain \(area)/written 2>/dev/null || echo no
            """
        #expect(try await output(writes, in: fixture) == ["no", "no", "no", "no"])
        #expect(access(area.appending("written/new").string, F_OK) == 0)

        isolation.mode = .off
        let open = try Fixture(isolation: isolation)
        #expect(try await output(reads, in: open).contains("in/secret"))
    }

    @Test func `a build reaches neither the spool nor other executions, nor the caches`() async throws {
        let fixture = try Fixture()
        let root = fixture.host.workDirectory
        try await fixture.host.spool.save(
            SpooledState(HeldJob(id: .random(), epoch: 1), state: Array("{}".utf8))
        )
        for room in ["cache/templates/copy", "cache/plugins/provider", "workspaces/other", "executions/other"] {
            try PrivateFiles.makeDirectory(root.appending(room))
        }
        let script = """
            for room in . spool executions workspaces cache cache/templates cache/templates/copy; do
                ls \(root)/$room 2>/dev/null && echo "open $room"
                touch \(root)/$room/new 2>/dev/null && echo "write $room"
            done
            touch \(root)/cache/plugins/new 2>/dev/null && echo "write plugins"
            ls \(root)/cache/plugins
            echo mine >"$HOME/mine" && echo mine >"$TMPDIR/mine" && echo mine >mine && cat mine
            """
        #expect(try await output(script, in: fixture) == ["provider", "mine"])
    }

    @Test func `a link in the place of its temporary directory gains it nothing`() async throws {
        let fixture = try Fixture()
        let spool = fixture.host.workDirectory.appending("spool")
        try PrivateFiles.makeDirectory(spool)
        try PrivateFiles.create(spool.appending("secret"), Array("secret".utf8))
        let control = fixture.control()
        let execution = HeldJob(id: .random(), epoch: 1)
        let output = try await fixture.host.withWorkDirectory(execution, control: control) {
            directory throws(ProvisioningFailure) in
            _ = try await fixture.shell("rm tmp && ln -s \(spool) tmp", in: directory, control: control)
            return try await fixture.shell(
                "cat \(spool)/secret || cat tmp/secret || echo \"$TMPDIR\"",
                in: directory,
                control: control
            )
        }
        let text = String(decoding: output.output, as: UTF8.self)
        #expect(!text.contains("secret") && !text.contains("spool") && text.hasPrefix("/tmp/stoker-"))
        #expect(access(spool.appending("secret").string, F_OK) == 0)
    }

    @Test func `limits are those of the settings, and there are no cores`() async throws {
        let limits = ChildLimits(processes: 900, openFiles: 800, fileSize: 1 << 20)
        let fixture = try Fixture(isolation: Isolation(user: .account(user: 0, group: 0), limits: limits))
        let script = """
            awk '/Max (processes|open files|file size|core)/ { print $(NF-1) }' /proc/self/limits
            (head -c 3000000 /dev/zero >big) 2>/dev/null; stat -c %s big
            """
        let lines = try await output(script, in: fixture)
        #expect(lines.sorted() == ["0", "1048576", "1048576", "800", "900"])
    }

    @Test(.enabled(if: geteuid() == 0, "needs root, to become other users"))
    func `a worker of root's runs each workspace as a user of its own, who gets what is its own`() async throws {
        let fixture = try Fixture(isolation: Isolation())
        let isolation = fixture.host.isolationState
        #expect(isolation.changesUser == true && isolation.gaps == [])
        let script = """
            #!/bin/sh
            id -u; id -G; umask; echo built >made; ls -ld . "$HOME" "$TMPDIR" "$STOKER_WORKSPACE_DIRECTORY" | cut -d' ' -f1
            cat "$STOKER_WORKSPACE_DIRECTORY/kept" 2>/dev/null
            id -u >"$STOKER_WORKSPACE_DIRECTORY/kept"
            echo '{"type":"state","state":{}}'
            """
        let archive = try fixture.archive([.file("provision", Array(script.utf8), executable: true)])
        var said: [[String]] = []
        for _ in 1...2 {
            let recorder = Recorder()
            let request = BuildRequest.fixture(archive)
            _ = try await ProcessProvisioner(host: fixture.host).build(
                request,
                reporter: recorder,
                control: fixture.control()
            )
            said.append(recorder.lines.map(\.output))
        }
        let user = TemplateUser.own.identity(of: "00000000-0000-00a1-0000-000000000001").user
        let lines = ["\(user)", "\(user)", "0022"] + Array(repeating: "drwx------", count: 4)
        #expect(said == [lines, lines + ["\(user)"]])
        #expect(try PrivateFiles.names(in: fixture.host.workDirectory.appending("workspaces")) == [])
    }

    @Test func `a worker that must have Landlock says what is missing where there is none`() {
        let state = IsolationState(Isolation(mode: .off), workDirectory: "/tmp/work")
        #expect(state.isSufficient && state.gaps.count == 1)
        let required = IsolationState(Isolation(mode: .required), workDirectory: "/tmp/work")
        #expect(required.isSufficient && required.restrictsFiles)
        #expect(required.landlock == Int(stoker_landlock_version()))
    }
}
