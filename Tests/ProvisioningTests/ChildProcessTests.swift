// SPDX-License-Identifier: Apache-2.0

import Domain
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Provisioning

@Suite(.timeLimit(.minutes(1)))
struct ChildProcessTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    @Test(arguments: [
        ("exit 0", ChildStatus.exited(0)), ("exit 7", .exited(7)), ("kill -9 $$", .signaled(9)),
        ("kill -15 $$", .signaled(15)),
    ])
    func `a child's end is passed on as it was`(script: String, status: ChildStatus) async throws {
        #expect(try await fixture.shell(script).status == status)
    }

    @Test func `input is read and both outputs are kept apart`() async throws {
        let result = try await fixture.shell("cat; echo problem >&2", input: Array("question".utf8))
        #expect(String(decoding: result.output, as: UTF8.self) == "question")
        #expect(String(decoding: result.errors, as: UTF8.self) == "problem\n")
    }

    @Test func `a line of 5 MB without an end is drained, and cut`() async throws {
        let lines = Mutex<[OutputLine]>([])
        let script = "head -c 5000000 /dev/zero | tr '\\0' x; echo; echo last"
        let result = try await fixture.shell(script, output: .lines { line in lines.withLock { $0.append(line) } })
        #expect(result.status == .exited(0))
        let expected = [
            OutputLine(bytes: [UInt8](repeating: UInt8(ascii: "x"), count: 65_536), omitted: 5_000_000 - 65_536),
            OutputLine(bytes: Array("last".utf8)),
        ]
        #expect(lines.withLock { $0 } == expected)
    }

    @Test func `what a child leaves behind is killed and reaped, unless it has a session of its own`() async throws {
        let mark = "marked-\(UInt64.random(in: 0...UInt64.max))"
        let script = """
            setsid sh -c ': \(mark); trap "" INT TERM HUP; while :; do sleep 1; done' </dev/null >/dev/null 2>&1 &
            sh -c ': \(mark); trap "" INT TERM HUP; while :; do sleep 1; done' &
            sleep 0.1
            """
        #expect(try await fixture.shell(script).status == .exited(0))
        let left = Fixture.processes(marked: mark)
        #expect(left.map { getsid($0) } == left)
        #expect(left.count == 1)
        for process in left { kill(process, SIGKILL) }
    }

    @Test func `an interrupted child may save what it has`() async throws {
        let control = fixture.control()
        let execution = HeldJob(id: .random(), epoch: 4)
        let script = "trap 'echo 1 > state.json; exit 1' INT; echo ready; while :; do sleep 0.05; done"
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await fixture.shell(
                script,
                control: control,
                output: .lines { line in if line.text == "ready" { control.interrupt(.canceled) } },
                execution: execution
            )
        }
        #expect(failure == ProvisioningFailure(.canceled, "The job was canceled.", state: Array("1\n".utf8)))
        let spooled = SpooledState(execution, state: Array("1\n".utf8))
        #expect(try await fixture.host.spool.recover { Issue.record("\($0)") } == [spooled])
        await fixture.host.spool.discard(of: execution)
        #expect(try await fixture.host.spool.recover { Issue.record("\($0)") } == [])
    }

    @Test func `a child is not started once the lease has ended`() async throws {
        let begun = fixture.root.appending("begun")
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await fixture.shell(": >\(begun)", control: fixture.control(lease: .seconds(-1)))
        }
        #expect(failure?.code == .interrupted)
        #expect(access(begun.string, F_OK) != 0)
    }

    @Test func `a child that ignores the interruption is killed after the grace`() async throws {
        let control = fixture.control(interruptGrace: .milliseconds(200))
        let mark = "marked-\(UInt64.random(in: 0...UInt64.max))"
        let script = "trap '' INT; : \(mark); echo ready; while :; do sleep 1; done"
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await fixture.shell(
                script,
                control: control,
                output: .lines { line in if line.text == "ready" { control.interrupt(.drain) } }
            )
        }
        #expect(failure?.code == .interrupted)
        #expect(Fixture.processes(marked: mark) == [])
    }

    @Test func `killing does not wait for the grace`() async throws {
        let control = fixture.control(interruptGrace: .seconds(3600))
        let script = "trap '' INT; echo ready; while :; do sleep 1; done"
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await fixture.shell(
                script,
                control: control,
                output: .lines { line in if line.text == "ready" { control.kill() } }
            )
        }
        #expect(failure?.code == .interrupted)
    }

    @Test func `a silent child is ended`() async throws {
        let control = fixture.control(noOutput: .milliseconds(300))
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await fixture.shell("echo one; sleep 1000", control: control)
        }
        #expect(failure?.code == .timedOut)
        #expect(control.interruption == .noOutput)
    }

    @Test func `a child that runs for too long is ended, however much it prints`() async throws {
        let control = fixture.control(wallClock: .milliseconds(400), noOutput: .milliseconds(300))
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await fixture.shell("while :; do echo on; sleep 0.05; done", control: control)
        }
        #expect(failure?.code == .timedOut)
        #expect(control.interruption == .timeout)
    }

    @Test func `a child that prints more than is kept is killed`() async throws {
        let control = fixture.control()
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await fixture.shell("while :; do echo on; done", control: control, output: .collect(limit: 1 << 20))
        }
        // It ended because of its output, not because of a time-out that came later.
        #expect(control.interruption == nil)
        #expect(failure == ProvisioningFailure(.failed, "/bin/sh printed more than can be kept."))
    }

    @Test func `a lease that is not renewed ends the child, and one that is does not`() async throws {
        let ended = await #expect(throws: ProvisioningFailure.self) {
            try await fixture.shell(
                "while :; do echo on; sleep 0.1; done",
                control: fixture.control(lease: .milliseconds(600))
            )
        }
        #expect(ended?.code == .interrupted)

        let renewed = fixture.control(lease: .milliseconds(900))
        let result = try await fixture.shell(
            "for i in 1 2 3 4 5 6 7 8; do echo on; sleep 0.2; done",
            control: renewed,
            output: .lines { _ in renewed.renewLease(until: .now + .milliseconds(900)) }
        )
        #expect(result.status == .exited(0))
    }

    @Test func `an execution that was interrupted starts nothing more`() async throws {
        let control = fixture.control()
        control.interrupt(.leaseEnding)
        control.interrupt(.canceled)
        await #expect(throws: ProvisioningFailure(.leaseEnding, limits: control.limits)) {
            try await fixture.shell("echo", control: control)
        }
    }

    @Test func `a cancelled task interrupts its child`() async throws {
        let control = fixture.control()
        let started = Gate()
        let task = Task { [fixture] in
            try await fixture.shell(
                "echo ready; sleep 1000",
                control: control,
                output: .lines { _ in started.open() }
            )
        }
        await started.opened()
        task.cancel()
        await #expect(throws: ProvisioningFailure(.drain, limits: control.limits)) { try await task.value }
    }

    @Test func `what cannot be started says why`() async throws {
        let control = fixture.control()
        let program = fixture.root.appending("program")
        try PrivateFiles.create(program, Array("no first line".utf8), mode: 0o700)
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await fixture.host.withWorkDirectory(HeldJob(id: .random(), epoch: 1), control: control) {
                directory throws(ProvisioningFailure) in
                let command = ChildCommand(
                    executable: program,
                    arguments: [],
                    environment: [:],
                    directory: directory.path,
                    output: .discard,
                    errors: .discard
                )
                _ = try await fixture.host.runner.run(command, in: directory, control: control)
            }
        }
        let message = "\(program.string) could not be started: it is neither a program nor begins with `#!`."
        #expect(failure == ProvisioningFailure(.failed, message))
    }

    @Test func `a child inherits no descriptor but its own three`() async throws {
        let leak = open("/dev/null", O_RDONLY)
        defer { close(leak) }
        let result = try await fixture.shell("ls /proc/self/fd")
        // The fourth is the directory that `ls` reads.
        #expect(String(decoding: result.output, as: UTF8.self) == "0\n1\n2\n3\n")
    }
}

/// Opens once; waiting tasks then continue.
final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func open() { continuation.finish() }

    func opened() async {
        for await _ in stream {}
    }
}
