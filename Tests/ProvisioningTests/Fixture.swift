// SPDX-License-Identifier: Apache-2.0

import Crypto
import Domain
import FoundationEssentials
import Glibc
import Synchronization
import SystemPackage
import Templates
import Testing

@testable import Provisioning

/// A private work directory and a host in it; removed with the fixture.
final class Fixture: Sendable {
    /// Children may write to it, as any user.
    let root: FilePath
    let host: ProvisioningHost

    init(
        environment: [String: String] = Fixture.environment,
        additionalVariables: [String] = [],
        isolation: Isolation = Isolation(user: .account(user: 0, group: 0))
    ) throws {
        root = FilePath("/tmp/stoker-provisioning-\(UInt64.random(in: 0...UInt64.max))")
        try PrivateFiles.makeDirectory(root)
        guard chmod(root.string, 0o777) == 0 else { throw FileFailure("open", root) }
        var isolation = isolation
        isolation.writable.append(root)
        host = ProvisioningHost(
            workDirectory: FilePath("\(root)-work"),
            guardExecutable: try Self.guardExecutable(),
            environment: environment,
            additionalVariables: additionalVariables,
            isolation: isolation,
            timeZoneExists: { $0 == "UTC" }
        )
    }

    deinit {
        FileTree.remove(root)
        FileTree.remove(host.workDirectory)
    }

    static let environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/tmp"]

    /// The binary that can be a guard: `STOKER_BINARY`, else the product beside the test bundle.
    static func guardExecutable() throws -> FilePath {
        if let path = ProcessInfo.processInfo.environment["STOKER_BINARY"] { return FilePath(path) }
        let products = [
            Bundle.executable.removingLastComponent(), FilePath(CommandLine.arguments[0]).removingLastComponent(),
        ]
        for directory in products {
            for name in ["stoker", "GuardHost"] {
                let candidate = directory.appending(name)
                if access(candidate.string, X_OK) == 0 { return candidate }
            }
        }
        throw FileFailure("find", "the stoker binary beside the tests", errno: ENOENT)
    }

    /// The executable that runs the tests.
    private enum Bundle {
        static var executable: FilePath {
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
            guard readlink("/proc/self/exe", &buffer, Int(PATH_MAX)) > 0 else { return FilePath("/") }
            return FilePath(platformString: buffer)
        }
    }

    func control(
        wallClock: Duration = .seconds(50),
        noOutput: Duration = .seconds(50),
        interruptGrace: Duration = .seconds(5),
        lease: Duration = .seconds(3_600)
    ) -> ExecutionControl {
        ExecutionControl(
            limits: ExecutionLimits(wallClock: wallClock, noOutput: noOutput, interruptGrace: interruptGrace),
            leaseUntil: .now + lease
        )
    }

    /// Runs a shell script as a child.
    func shell(
        _ script: String,
        control: ExecutionControl? = nil,
        input: [UInt8] = [],
        output: OutputHandling = .collect(limit: 1 << 26),
        execution: HeldJob = HeldJob(id: .random(), epoch: 1),
        state: [UInt8]? = nil
    ) async throws(ProvisioningFailure) -> ChildResult {
        let control = control ?? self.control()
        return try await host.withWorkDirectory(execution, state: state, control: control) {
            directory throws(ProvisioningFailure) in
            try await shell(script, in: directory, control: control, input: input, output: output)
        }
    }

    func shell(
        _ script: String,
        in directory: WorkDirectory,
        control: ExecutionControl,
        input: [UInt8] = [],
        output: OutputHandling = .collect(limit: 1 << 26)
    ) async throws(ProvisioningFailure) -> ChildResult {
        let command = ChildCommand(
            executable: "/bin/sh",
            arguments: ["-c", script],
            environment: host.baseEnvironment(directory),
            directory: directory.path,
            input: input,
            output: output,
            errors: .collect(limit: 1 << 20)
        )
        return try await host.runner.run(command, in: directory, control: control)
    }

    func archive(_ entries: [ArchiveEntry]) throws -> TemplateArchive {
        archive(try TarArchive.pack(entries))
    }

    func archive(_ bytes: [UInt8], loads: Counter = Counter()) -> TemplateArchive {
        let hash = SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return TemplateArchive(hash: hash) {
            loads.add()
            return bytes
        }
    }

    /// Everything below `/proc` whose command line holds `mark`.
    static func processes(marked mark: String) -> [Int32] {
        let names = (try? PrivateFiles.names(in: "/proc")) ?? []
        return names.compactMap(Int32.init).filter { pid in
            guard pid != getpid(), let line = try? PrivateFiles.read(FilePath("/proc/\(pid)/cmdline")) else {
                return false
            }
            return String(decoding: line, as: UTF8.self).contains(mark)
        }
    }
}

final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    func add() { count.add(1, ordering: .sequentiallyConsistent) }
}

/// Keeps what an execution reports, and lets a test wait for it.
final class Recorder: ExecutionReporter, Sendable {
    private struct State {
        var lines: [LogLine] = []
        var timings: [StageTiming] = []
        var checkpoints: [[UInt8]] = []
        var replacing: [Replacement] = []
        var waiting: [(condition: @Sendable (Recorder) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())
    private let onCheckpoint: @Sendable ([UInt8]) async -> Void

    init(onCheckpoint: @escaping @Sendable ([UInt8]) async -> Void = { _ in }) {
        self.onCheckpoint = onCheckpoint
    }

    var lines: [LogLine] { state.withLock { $0.lines } }
    var timings: [StageTiming] { state.withLock { $0.timings } }
    var checkpoints: [[UInt8]] { state.withLock { $0.checkpoints } }
    var text: String { lines.map(\.output).joined(separator: "\n") }

    func log(_ line: LogLine) {
        state.withLock { $0.lines.append(line) }
        wake()
    }

    func timing(_ timing: StageTiming) {
        state.withLock { $0.timings.append(timing) }
    }

    func checkpoint(_ state: [UInt8]) async {
        self.state.withLock { $0.checkpoints.append(state) }
        wake()
        await onCheckpoint(state)
    }

    func replacing(_ replacements: [Replacement]) async {
        state.withLock { $0.replacing += replacements }
    }

    var replacing: [Replacement] { state.withLock { $0.replacing } }

    /// Returns when `condition` holds; it is tried after every line and checkpoint.
    func wait(until condition: @escaping @Sendable (Recorder) -> Bool) async {
        await withCheckedContinuation { continuation in
            state.withLock { $0.waiting.append((condition, continuation)) }
            wake()
        }
    }

    private func wake() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for (condition, continuation) in waiting {
            if condition(self) {
                continuation.resume()
            } else {
                state.withLock { $0.waiting.append((condition, continuation)) }
            }
        }
    }
}

extension BuildRequest {
    /// A build with defaults for everything that a test does not care about.
    static func fixture(
        _ archive: TemplateArchive,
        _ transition: Transition = .start,
        stage: BuildStage = .none,
        parameters: [BuildParameter] = [],
        state: [UInt8]? = nil,
        lateStates: [[UInt8]] = [],
        agentTokens: [String: String] = [:],
        policy: ReplacementPolicy = .warn,
        jobID: JobID = .random()
    ) -> Self {
        Self(
            job: HeldJob(id: jobID, epoch: 7),
            build: WorkspaceBuild(
                id: BuildID(high: 0xb1, low: 1),
                number: 3,
                transition: transition,
                stage: stage,
                workspace: .init(id: WorkspaceID(high: 0xa1, low: 1), name: "box"),
                owner: .init(id: UserID(high: 0xc1, low: 1), username: "ada", email: "ada@example.org"),
                organization: "default",
                template: .init(name: "go-dev", versionName: "v1"),
                preset: "us-nix",
                parameters: parameters
            ),
            archive: archive,
            state: state,
            lateStates: lateStates,
            agentTokens: agentTokens,
            replacementPolicy: policy
        )
    }
}

extension OutputLine {
    /// The line as a log has it.
    var text: String { kept + omission }
}
