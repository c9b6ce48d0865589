// SPDX-License-Identifier: Apache-2.0

import Domain
import Glibc
import SystemPackage
import Templates
import Testing

@testable import Provisioning

@Suite struct ProcessMessageBoundsTests {
    private let bounds = ChildBounds(stateBytes: 10)

    private func read(_ text: String) throws(BoundExceeded) -> ProcessMessage? {
        try ProcessMessage.read(OutputLine(bytes: Array(text.utf8)), bounds)
    }

    @Test(arguments: [
        (
            #"{"type":"state","state":"123456789"}"#,
            "The state has 11 bytes; at most 10 are taken (worker.max_state_size)."
        ),
        (#"{"type":"state"}"#, "A `state` line has no `state`."),
        (#"{"type":"state","state":nan}"#, "A `state` line is no JSON at its byte 25."),
        (#"{"type":"resource","name":"a"}"#, "A `resource` line has no `resource_type`."),
        (#"{"type":"resource","resource_type":"a","name":1}"#, "The `name` of a `resource` must be text."),
        (
            #"{"type":"resource","resource_type":"a","name":"b","daily_cost":1e99}"#,
            "The `daily_cost` of a `resource` must be a whole number from 0 to 2147483647, and is 1e99."
        ),
        (#"{"type":"replacement","paths":[]}"#, "A `replacement` line has no `address`."),
        (
            #"{"type":"replacement","address":"a","paths":[1]}"#,
            "The `paths` of a `replacement` must be an array of text."
        ),
        (#"{"type":"agent"}"#, "A `agent` line has no `name`."),
        (#"{"type":"result","error":5}"#, "The `error` of a `result` must be text."),
    ])
    func `a message that lacks something, or has too much, says what`(line: String, problem: String) {
        #expect(throws: BoundExceeded(problem)) { try read(line) }
    }

    @Test(arguments: [
        "plain", "", "{", "{}", #"{"type":5}"#, #"{"type":"log","output":"#, #"{"type":"log","output":7}"#, "[1]",
    ])
    func `what names itself no message is a line of the log`(line: String) throws {
        #expect(try read(line) == nil)
    }

    @Test func `a state of just as many bytes is one`() throws {
        #expect(try read(#"{"type":"state","state":"12345678"}"#) == .state(Array(#""12345678""#.utf8)))
    }

    @Test func `costs together are bounded as each is`() {
        func outcome(_ costs: [Int]) -> BuildOutcome {
            BuildOutcome(
                state: [1],
                resources: costs.map { BuiltResource(type: "a", name: "b", address: "c", dailyCost: $0) }
            )
        }
        #expect(throws: Never.self) { try outcome([Int(Int32.max) - 1, 1]).checked() }
        for costs in [[Int(Int32.max), 1], [-1], [Int.max], [Int.max, Int.max], [1, -1]] {
            #expect(throws: ProvisioningFailure.self) { try outcome(costs).checked() }
        }
    }

    @Test func `replacements are bounded one by one and together`() {
        func outcome(_ count: Int, paths: [String]) -> BuildOutcome {
            BuildOutcome(replacements: Array(repeating: Replacement(address: "a.b", paths: paths), count: count))
        }
        let path = String(repeating: "p", count: ChildBounds.addressBytes)
        #expect(throws: Never.self) { try outcome(5, paths: Array(repeating: path, count: 100)).checked() }
        for (count, paths) in [
            (6, Array(repeating: path, count: 100)), (1, [path + "p"]), (1, Array(repeating: "p", count: 101)),
            (1_001, []),
        ] {
            #expect(throws: ProvisioningFailure.self) { try outcome(count, paths: paths).checked() }
        }
    }

    @Test func `only the beginning of a text is looked at to tell its kind`() {
        let padding = String(repeating: "x", count: ChildBounds.textBytes)
        #expect(FailureClassifier.classify("quota " + padding) == .capacity)
        #expect(FailureClassifier.classify(padding + " quota") == .failed)
    }

    @Test func `a text is cut between characters, and what is missing is counted`() {
        #expect("aé€".cut(to: 6) == "aé€")
        #expect("aé€".cut(to: 5) == "aé... (3 more bytes in this line)")
        #expect("aé€".cut(to: 2) == "a... (5 more bytes in this line)")
    }
}

/// Templates as they are pushed.
@Suite(.timeLimit(.minutes(1)))
struct ForeignManifestTests {
    private func failure(of yaml: String) async throws -> ProvisioningFailure? {
        let fixture = try Fixture()
        let request = ImportRequest(
            job: HeldJob(id: .random(), epoch: 1),
            organization: "default",
            templateName: "x",
            versionName: "v1",
            archive: try fixture.archive([
                .file("stoker.yaml", Array(yaml.utf8)), .file("provision", Array("#!/bin/sh\n".utf8), executable: true),
            ])
        )
        do throws(ProvisioningFailure) {
            _ = try await ProcessProvisioner(host: fixture.host)
                .importVersion(request, reporter: Recorder(), control: fixture.control())
            return nil
        } catch {
            return error
        }
    }

    private let manifest = "name: x\nprovisioner: process\nparameters:\n  size: { default: \"a\" }\n"

    @Test func `a manifest of more than its bound is not read`() async throws {
        #expect(try await failure(of: manifest) == nil)
        let padding = String(repeating: "#\n", count: ChildBounds.manifestBytes / 2)
        let failure = try await failure(of: manifest + padding)
        #expect(failure?.code == .invalid)
        #expect(failure?.message.hasPrefix("stoker.yaml has ") == true)
    }

    @Test func `a NUL in a manifest is refused when it is read, and not by the database`() async throws {
        let failure = try await failure(of: manifest.replacing("\"a\"", with: #""a\0b""#))
        #expect(failure?.code == .invalid)
        #expect(failure?.message.contains("NUL") == true)
    }
}

/// Files as templates leave them.
@Suite(.timeLimit(.minutes(1)))
struct ForeignFileTests {
    let fixture: Fixture
    private let execution = HeldJob(id: .random(), epoch: 3)

    init() throws {
        fixture = try Fixture()
    }

    private func path(_ name: String) -> FilePath { fixture.root.appending(name) }

    @Test func `only regular files are read, and no link is followed`() throws {
        try PrivateFiles.create(path("file"), [1, 2, 3])
        try PrivateFiles.makeDirectory(path("directory"))
        try #require(mkfifo(path("fifo").string, 0o600) == 0)
        symlink(path("file").string, path("link").string)
        symlink(path("directory").string, path("way").string)
        try PrivateFiles.create(path("directory/file"), [1])
        #expect(try PrivateFiles.read(path("file"), atMost: 3) == [1, 2, 3])
        #expect(try PrivateFiles.read(path("none")) == nil)
        for name in ["fifo", "directory", "link"] {
            let failure = #expect(throws: FileFailure.self) { try PrivateFiles.read(path(name)) }
            #expect(failure?.refusal?.description == "\(name) is no regular file; only those are read.")
        }
        #expect(try PrivateFiles.read(path("directory/file"), below: fixture.root) == [1])
        #expect(throws: FileFailure(notRegular: path("way/file"))) {
            try PrivateFiles.read(path("way/file"), below: fixture.root)
        }
        let large = #expect(throws: FileFailure.self) { try PrivateFiles.read(path("file"), atMost: 2) }
        #expect(large?.refusal?.description == "file has 3 bytes; at most 2 are taken.")
    }

    @Test func `a directory is removed however deep it is and whatever its permissions are`() async throws {
        let script = """
            mkdir tree && cd tree && mkdir -p stoker-0/a stoker-1 stoker-7 || exit 1
            way=$(yes d/ | head -n 1000 | tr -d '\\n')
            for _ in 1 2 3; do mkdir -p "$way/e" && : >"$way/f" && cd -P "$way" || exit 1; done
            chmod 0 .
            """
        let command = ChildCommand(
            executable: "/bin/sh",
            arguments: ["-c", script],
            environment: Fixture.environment,
            directory: fixture.root,
            output: .discard,
            errors: .discard
        )
        let status = try await fixture.host.withWorkDirectory(execution, control: fixture.control()) {
            directory throws(ProvisioningFailure) in
            try await fixture.host.runner.run(command, in: directory, control: fixture.control()).status
        }
        #expect(status == .exited(0))
        FileTree.remove(path("tree"))
        #expect(access(path("tree").string, F_OK) != 0)
    }

    @Test func `what is removed is never behind a link`() throws {
        try PrivateFiles.create(path("precious/file"), [1], below: path("precious"))
        try PrivateFiles.makeDirectory(path("tree/a"))
        symlink(path("precious").string, path("tree/link").string)
        symlink(path("precious").string, path("tree/a/link").string)
        FileTree.remove(path("tree"))
        #expect(access(path("tree").string, F_OK) != 0)
        #expect(try PrivateFiles.read(path("precious/file")) == [1])
    }

    @Test func `a copy takes files, directories and links alone`() throws {
        try PrivateFiles.makeDirectory(path("source/a/b"))
        try PrivateFiles.create(path("source/a/b/c"), [1])
        try FileTree.clone(path("source"), to: path("first"))
        #expect(try PrivateFiles.read(path("first/a/b/c")) == [1])
        try #require(mkfifo(path("source/a/fifo").string, 0o600) == 0)
        #expect(throws: FileFailure(notRegular: path("source/a/fifo"))) {
            try FileTree.clone(path("source"), to: path("second"))
        }
    }

    /// The directory of a dead worker, with something else in the place of the state.
    private func dead(_ put: (WorkDirectory) throws -> Void) throws {
        let made = try WorkDirectory.create(execution, root: fixture.host.workDirectory, state: Array("1".utf8))
        try put(try #require(made))
    }

    @Test func `a FIFO in a dead worker's directory holds nobody up`() async throws {
        try dead { directory in
            unlink(directory.stateFile.string)
            try #require(mkfifo(directory.stateFile.string, 0o600) == 0)
            try PrivateFiles.makeDirectory(directory.module)
            try #require(mkfifo(directory.erroredStateFile.string, 0o600) == 0)
        }
        try await recover(reports: 2, leaving: [])
    }

    @Test func `a state of a dead worker that is too large is kept aside, and reported once`() async throws {
        try dead { directory in try #require(truncate(directory.stateFile.string, 1_610_612_736) == 0) }
        try await recover(reports: 1, leaving: ["\(execution).too-large"])
        #expect(try await fixture.host.spool.recover { Issue.record("\($0)") } == [])
    }

    @Test func `what is in the spool and no state holds up none of the others`() async throws {
        let spool = fixture.host.spool
        try PrivateFiles.makeDirectory(spool.directory)
        let other = HeldJob(id: .random(), epoch: 9)
        try #require(mkfifo(spool.file(execution).string, 0o600) == 0)
        try await spool.save(SpooledState(other, state: Array("2".utf8)))
        try await recover(
            reports: 1,
            leaving: ["\(other).state"],
            states: [SpooledState(other, state: Array("2".utf8))]
        )
        try PrivateFiles.makeDirectory(spool.file(execution))
        try await spool.save(SpooledState(execution, state: Array("3".utf8)))
        #expect(try PrivateFiles.read(spool.file(execution)) == Array("3".utf8))
    }

    private func recover(reports: Int, leaving names: [String], states: [SpooledState] = []) async throws {
        let reported = Counter()
        let spool = fixture.host.spool
        var recovered = try await spool.recover { _ in reported.add() }
        // A child that another test starts at this moment holds a copy of every lock until it executes its program.
        while try !WorkPlace.rooms(in: fixture.host.workDirectory).allSatisfy({ try PrivateFiles.names(in: $0) == [] })
        {
            recovered = try await spool.recover { _ in reported.add() }
        }
        #expect(recovered == states)
        #expect(reported.value == reports)
        #expect(try PrivateFiles.names(in: spool.directory) == names)
    }
}

extension PrivateFiles {
    fileprivate static func create(_ path: FilePath, _ bytes: [UInt8], below parent: FilePath) throws(FileFailure) {
        try makeDirectory(parent)
        try create(path, bytes)
    }
}
