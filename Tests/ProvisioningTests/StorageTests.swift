// SPDX-License-Identifier: Apache-2.0

import Domain
import Glibc
import SystemPackage
import Templates
import Testing

@testable import Provisioning

@Suite struct StateCodecTests {
    private let state = Array(#"{"serial":1}"#.utf8)
    private let first = [UInt8](repeating: 1, count: 32)
    private let second = [UInt8](repeating: 2, count: 32)

    @Test func `what is sealed is opened by any key that is known`() throws {
        let old = try StateCodec(keys: [first])
        let rotated = try StateCodec(keys: [second, first])
        let sealed = try old.seal(state)
        #expect(sealed.starts(with: Array("STKR".utf8)))
        #expect(sealed.count == state.count + 5 + 8 + 12 + 16)
        #expect(try rotated.open(sealed) == state)
        #expect(try rotated.open(try rotated.seal(state)) == state)
        #expect(try old.seal(state) != sealed)
    }

    @Test func `a state is compressed before it is sealed, where that makes it shorter`() throws {
        let codec = try StateCodec(keys: [first])
        let long = Array(repeating: state, count: 1_000).flatMap { $0 }
        let sealed = try codec.seal(long, compressing: true)
        #expect(sealed.count < long.count / 20)
        #expect(try codec.open(sealed) == long)
        var generator = SystemRandomNumberGenerator()
        let noise = (0..<1_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        #expect(try codec.seal(noise, compressing: true).count == noise.count + 5 + 8 + 12 + 16)
        #expect(try codec.open(try codec.seal(noise, compressing: true)) == noise)
        #expect(try codec.open(try codec.seal([], compressing: true)) == [])
    }

    @Test func `a form of a later release is refused, and not taken for a state in plain`() throws {
        let codec = try StateCodec(keys: [first])
        var sealed = try codec.seal(state)
        sealed[4] = 9
        #expect(throws: StateCodecError.unknownVersion(9)) { try codec.open(sealed) }
    }

    @Test func `without a key nothing is sealed, and what was stored in plain stays readable`() throws {
        let plain = try StateCodec(keys: [])
        #expect(try plain.seal(state) == state)
        #expect(try StateCodec(keys: [first]).open(state) == state)
    }

    @Test func `a state sealed with a forgotten key names the key`() throws {
        let sealed = try StateCodec(keys: [first]).seal(state)
        let id = sealed[5..<13].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(throws: StateCodecError.unknownKey(id: id)) { try StateCodec(keys: [second]).open(sealed) }
        #expect(throws: StateCodecError.keySize(16)) { try StateCodec(keys: [[UInt8](repeating: 0, count: 16)]) }
    }

    @Test func `a change of any byte is noticed`() throws {
        let codec = try StateCodec(keys: [first])
        let sealed = try codec.seal(state)
        // The first of them is the form: as if it were compressed.
        for index in [4] + Array(13..<sealed.count) {
            var damaged = sealed
            damaged[index] ^= index == 4 ? 3 : 1
            #expect(throws: StateCodecError.damaged) { try codec.open(damaged) }
        }
        #expect(throws: StateCodecError.damaged) { try codec.open(Array(sealed.prefix(20))) }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct SpoolTests {
    let fixture: Fixture
    let execution = HeldJob(id: .random(), epoch: 12)

    init() throws {
        fixture = try Fixture()
    }

    /// Recovers until no more directories are left than those of the living: a process that another test starts at this moment holds a copy of every
    /// lock until it executes its program.
    private func recover(leaving living: Int = 0) async throws -> [SpooledState] {
        var recovered = try await fixture.host.spool.recover { Issue.record("\($0)") }
        while try PrivateFiles.names(in: executions).count > living {
            recovered = try await fixture.host.spool.recover { Issue.record("\($0)") }
        }
        return recovered
    }

    /// One that a test expects to get.
    private func directory(_ name: HeldJob? = nil, state: [UInt8]?) throws -> WorkDirectory {
        try #require(try WorkDirectory.create(name ?? execution, root: fixture.host.workDirectory, state: state))
    }

    private var executions: FilePath { fixture.host.workDirectory.appending("executions") }

    @Test func `a dead worker's directory is handed in and removed, a living one's is not touched`() async throws {
        let living = try directory(HeldJob(id: .random(), epoch: 1), state: Array("1".utf8))
        do {
            let dead = try directory(state: Array("2".utf8))
            #expect(try await fixture.host.spool.recover { Issue.record("\($0)") } == [])
            _fixLifetime(dead)
        }
        #expect(try await recover(leaving: 1) == [SpooledState(execution, state: Array("2".utf8))])
        #expect(try PrivateFiles.names(in: executions) == [living.path.lastComponent?.string])
        #expect(try PrivateFiles.read(living.stateFile) == Array("1".utf8))
    }

    @Test func `what a guard saved is newer than what the directory holds`() async throws {
        do {
            let dead = try directory(state: Array("2".utf8))
            StateSpool.save(stateFile: dead.stateFile.string, as: dead.spoolFile.string)
            try PrivateFiles.replace(dead.stateFile, Array("3".utf8))
        }
        #expect(try await recover() == [SpooledState(execution, state: Array("2".utf8))])
    }

    private func age(_ path: FilePath, _ seconds: Int) throws {
        var times = [timeval(), timeval()]
        for index in times.indices { times[index].tv_sec = time(nil) - seconds }
        try #require(utimes(path.string, times) == 0)
    }

    @Test func `a directory that never got its name is removed once nobody can be making it`() async throws {
        for (name, seconds) in [("new-1", 90), ("new-2", 0)] {
            try PrivateFiles.makeDirectory(executions.appending(name))
            try age(executions.appending(name), seconds)
        }
        _ = try await fixture.host.spool.recover { Issue.record("\($0)") }
        #expect(try PrivateFiles.names(in: executions) == ["new-2"])
    }

    @Test func `half a file in the spool is removed once nobody can be writing it`() async throws {
        let spool = fixture.host.spool
        try PrivateFiles.makeDirectory(spool.directory)
        let names = ["\(execution).state.7.partial", "\(execution).state.8.partial"]
        for (name, seconds) in zip(names, [90, 0]) {
            try PrivateFiles.create(spool.directory.appending(name), Array("{".utf8))
            try age(spool.directory.appending(name), seconds)
        }
        #expect(try await recover() == [])
        #expect(try PrivateFiles.names(in: spool.directory) == [names[1]])
    }

    @Test func `half a state is not handed in`() async throws {
        do {
            let dead = try directory(state: Array("{".utf8))
            _fixLifetime(dead)
        }
        #expect(try await recover() == [])
        #expect(try PrivateFiles.names(in: fixture.host.spool.directory) == [])
    }

    @Test func `a state is kept until it is discarded`() async throws {
        let spool = fixture.host.spool
        try await spool.save(SpooledState(execution, state: Array("1".utf8)))
        try await spool.save(SpooledState(execution, state: Array("2".utf8)))
        #expect(try await spool.recover { Issue.record("\($0)") } == [SpooledState(execution, state: Array("2".utf8))])
        await spool.discard(of: execution)
        #expect(try await spool.recover { Issue.record("\($0)") } == [])
    }

    @Test func `directories are private and gone afterwards, the children's short one too`() async throws {
        let (mode, temporary) = try await fixture.host.withWorkDirectory(execution, control: fixture.control()) {
            directory throws(ProvisioningFailure) in
            var information = stat()
            stat(directory.path.string, &information)
            return (information.st_mode & 0o777, directory.temporary.path)
        }
        #expect(mode == 0o700)
        #expect(try PrivateFiles.names(in: executions) == [])
        #expect(temporary.utf8.count < 30)
        #expect(access(temporary, F_OK) != 0)
    }

    @Test func `an execution removes its own short directory, wherever its template has bent the link`() async throws {
        let root = fixture.host.workDirectory
        let other = try #require(
            try WorkDirectory.create(HeldJob(id: .random(), epoch: 1), root: root, state: nil)
        )
        let own = try #require(try WorkDirectory.create(execution, root: root, state: nil))
        let (made, others) = (own.temporary.path, other.temporary.path)
        unlink(own.temporary.link.string)
        symlink(others, own.temporary.link.string)
        own.removeNow()
        #expect(access(made, F_OK) != 0)
        #expect(access(others, F_OK) == 0)
        other.removeNow()
        #expect(access(others, F_OK) != 0)
    }

    @Test func `a dead worker's short directory is removed with the long one, and nothing that it did not make`()
        async throws
    {
        let precious = fixture.root.appending("precious")
        try PrivateFiles.makeDirectory(precious)
        let temporary: String
        do {
            let dead = try directory(state: nil)
            temporary = dead.temporary.path
            let other = try directory(state: nil)
            FileTree.remove(FilePath(other.temporary.path))
            unlink(other.temporary.link.string)
            symlink(precious.string, other.temporary.link.string)
        }
        #expect(access(temporary, F_OK) == 0)
        #expect(try await recover() == [])
        #expect(access(temporary, F_OK) != 0)
        #expect(access(precious.string, F_OK) == 0)
        #expect(try PrivateFiles.names(in: executions) == [])
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ArchiveTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    private func entries(_ archive: TemplateArchive, limits: ArchiveLimits = ArchiveLimits())
        async throws(ProvisioningFailure) -> [ArchiveEntry]
    {
        let control = fixture.control()
        return try await fixture.host.withWorkDirectory(
            HeldJob(id: .random(), epoch: 1),
            control: control
        ) {
            directory throws(ProvisioningFailure) in
            try await ArchiveReader(host: fixture.host, limits: limits).entries(
                of: archive,
                in: directory,
                control: control
            )
        }
    }

    private func gzip(_ bytes: [UInt8]) async throws -> [UInt8] {
        try await fixture.shell("gzip -c", input: bytes).output
    }

    @Test func `a compressed archive is read like a plain one`() async throws {
        let files = [ArchiveEntry.file("a/b", [1, 2]), .file("run", [3], executable: true)]
        let tar = try TarArchive.pack(files)
        let plain = try await entries(fixture.archive(tar))
        #expect(plain.filter { $0.kind != .directory } == files)
        #expect(try await entries(fixture.archive(try await gzip(tar))) == plain)
    }

    @Test func `an archive that is not the one meant is refused`() async throws {
        let archive = TemplateArchive(hash: String(repeating: "0", count: 64)) { [1] }
        let failure = await #expect(throws: ProvisioningFailure.self) { try await entries(archive) }
        #expect(failure?.code == .invalid)
        #expect(failure?.message.hasPrefix("The template's archive is damaged") == true)
    }

    @Test func `one that grows without end is refused before it fills the memory`() async throws {
        let bomb = try await gzip([UInt8](repeating: 0, count: 64 << 20))
        let limits = ArchiveLimits(entries: 10, totalBytes: 1 << 20)
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await entries(fixture.archive(bomb), limits: limits)
        }
        #expect(failure == ProvisioningFailure(.invalid, "The archive is larger than 1048576 bytes when decompressed."))
    }

    @Test func `one that is damaged says so`() async throws {
        let tar = try await gzip(try TarArchive.pack([.file("a", [1])]))
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await entries(fixture.archive(Array(tar.dropLast(10))))
        }
        #expect(failure?.code == .invalid)
        #expect(failure?.message.contains("gzip: ") == true)
    }

    @Test func `files are written as they are, and nothing through a link`() throws {
        let root = fixture.root.appending("tree")
        let outside = fixture.root.appending("outside")
        try PrivateFiles.makeDirectory(outside)
        try FileTree.write(
            [.file("bin/run", [1], executable: true), .symbolicLink("link", to: "bin/run"), .directory("empty")],
            below: root
        )
        #expect(access(root.appending("link").string, X_OK) == 0)
        #expect(try PrivateFiles.names(in: root) == ["bin", "empty", "link"])
        // Entries that TarArchive would have refused.
        #expect(throws: FileFailure.self) { try FileTree.write([.file("link", [2])], below: root) }
        #expect(try PrivateFiles.read(root.appending("bin/run")) == [1])
    }

    @Test func `a clone shares nothing with what it was made of`() throws {
        let source = fixture.root.appending("source")
        let files = [ArchiveEntry.file("main.tf", [1]), .file("providers/p", [2]), .symbolicLink("l", to: "main.tf")]
        try FileTree.write(files, below: source)
        let copy = fixture.root.appending("copy")
        try FileTree.clone(source, to: copy)
        func inode(_ path: FilePath) -> UInt64 {
            var information = stat()
            stat(path.string, &information)
            return UInt64(information.st_ino)
        }
        #expect(inode(copy.appending("providers/p")) != inode(source.appending("providers/p")))
        #expect(inode(copy.appending("main.tf")) != inode(source.appending("main.tf")))
        #expect(inode(copy.appending("l")) == inode(copy.appending("main.tf")))
    }
}

@Suite struct FailureClassifierTests {
    @Test(arguments: [
        ("Error: Throttling: Rate exceeded for quota", FailureCode.transient),
        ("StatusCode: 429, TooManyRequests", .transient),
        ("dial tcp 10.0.0.1:443: connect: connection refused", .transient),
        ("Failed to query available provider packages", .transient),
        ("lookup registry.terraform.io: no such host", .transient),
        ("net/http: TLS handshake timeout", .transient),
        ("InsufficientInstanceCapacity: We currently do not have sufficient m5 capacity", .capacity),
        ("Quota 'CPUS' exceeded. Limit: 24.0 in region europe-west1", .capacity),
        ("VcpuLimitExceeded: You have requested more vCPU capacity than your limit", .capacity),
        ("The zone 'a' does not have enough resources available", .capacity),
        ("insufficient memory capacity on host", .capacity),
        ("No value for required variable", .invalid),
        ("Invalid value for variable: There is no eu.", .invalid),
        ("Unsupported argument: An argument named \"x\" is not expected here", .invalid),
        ("local-exec provisioner error: exit status 2", .failed),
        ("", .failed),
    ])
    func `an error's words tell its kind`(text: String, code: FailureCode) {
        #expect(FailureClassifier.classify(text) == code)
    }

    @Test func `a pattern with a star does not reach into the next line`() {
        #expect(FailureClassifier.classify("insufficient permissions\nread capacity") == .failed)
    }
}

@Suite struct TerraformCLIConfigurationTests {
    @Test func `what the mirror holds is taken from it alone`() throws {
        let fixture = try Fixture()
        let mirror = fixture.root.appending("mirror")
        try PrivateFiles.makeDirectory(mirror.appending("registry.terraform.io/hashicorp/aws"))
        try PrivateFiles.makeDirectory(mirror.appending("example.org/team/thing"))
        let text = """
            provider_installation {
              filesystem_mirror {
                path    = "\(mirror.string)"
                include = ["example.org/team/thing", "registry.terraform.io/hashicorp/aws"]
              }
              direct {
                exclude = ["example.org/team/thing", "registry.terraform.io/hashicorp/aws"]
              }
            }

            """
        #expect(try TerraformCLIConfiguration(pluginDirectory: mirror).text == text)
        #expect(try TerraformCLIConfiguration(pluginDirectory: nil).text == "")
    }
}
