// SPDX-License-Identifier: Apache-2.0

import Basics
import CLinux
import Domain
import Glibc
import Synchronization
import SystemPackage
import Testing

@testable import Provisioning

@Suite struct GuardCourseTests {
    private let start = GuardCourse(lease: GuardLease(interruptAt: 100, killAt: 160), grace: 50)

    /// The steps that the events lead to, and the cause in the end.
    private func follow(_ events: [(at: Int64, GuardCourse.Event)]) -> ([GuardCourse.Step?], GuardCause?) {
        var course = start
        let steps = events.map { course.follow($0.1, now: $0.at) }
        return (steps, course.cause)
    }

    @Test func `nothing happens before the lease ends`() {
        #expect(
            follow([(99, .alarm), (99, .told(.renew(GuardLease(interruptAt: 300, killAt: 360)))), (299, .alarm)]) == (
                [nil, nil, nil], nil
            )
        )
    }

    @Test func `a lease that ends leads to an interruption, and at its very end to the kill`() {
        #expect(
            follow([(100, .alarm), (101, .alarm), (149, .alarm), (150, .alarm)]) == (
                [.interrupt, nil, nil, .kill], .lease
            )
        )
    }

    @Test func `a guard that slept through it kills at once`() {
        #expect(follow([(161, .alarm)]) == ([.kill], .lease))
        #expect(follow([(161, .told(.interrupt))]) == ([.kill], .lease))
    }

    @Test func `the grace never outlasts the lease`() {
        #expect(follow([(130, .workerGone), (159, .alarm), (160, .alarm)]) == ([.interrupt, nil, .kill], .workerGone))
    }

    @Test func `a child is interrupted once only`() {
        let events: [(Int64, GuardCourse.Event)] = [
            (10, .told(.interrupt)), (11, .told(.interrupt)), (12, .signaled), (13, .workerGone), (59, .alarm),
            (60, .alarm),
        ]
        #expect(follow(events) == ([.interrupt, nil, nil, nil, nil, .kill], .order))
    }

    @Test func `a renewal does not take an interruption back`() {
        let renewal = GuardMessage.renew(GuardLease(interruptAt: 1_000, killAt: 2_000))
        #expect(
            follow([(10, .told(.interrupt)), (20, .told(renewal)), (60, .alarm)]) == ([.interrupt, nil, .kill], .order)
        )
    }

    @Test func `the alarm is set to what comes next`() {
        var course = start
        #expect(course.nextAlarm(after: 0) == 100)
        _ = course.follow(.told(.interrupt), now: 90)
        #expect(course.nextAlarm(after: 90) == 140)
        _ = course.follow(.told(.kill), now: 91)
        #expect(course.nextAlarm(after: 91) == 91 + GuardCourse.sweepInterval)
    }

    @Test(arguments: [
        GuardMessage.renew(GuardLease(interruptAt: -1, killAt: .max)), .interrupt, .kill, .started(pid: 7),
        .notStarted(errno: 2),
        .ending(.lease), .ended(waitStatus: 0x0900),
    ])
    func `a message survives its bytes`(message: GuardMessage) {
        #expect(GuardMessage(bytes: message.bytes) == message)
        #expect(GuardMessage(bytes: message.bytes.dropLast()) == nil)
    }

    @Test func `a charge survives the command line`() {
        let charge = GuardCharge(
            lease: GuardLease(interruptAt: 1, killAt: 2),
            grace: 3,
            stateFile: "/a b",
            spoolFile: "",
            executable: "/bin/sh",
            arguments: ["-c", "", "guard"]
        )
        #expect(GuardCharge(commandLine: charge.commandLine(guardExecutable: "/stoker")) == charge)
    }
}

/// Guards whose worker is killed or frozen. A second guard stands for the worker: a child in a separate session that
/// holds the other end of a socket.
@Suite(.timeLimit(.minutes(1)))
struct GuardTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    /// A guard whose socket the test holds.
    private func start(
        _ script: String,
        interruptAfter: Duration = .seconds(3_000),
        killAfter: Duration = .seconds(3_600),
        grace: Duration = .seconds(5),
        statesInOutput: Bool = false
    ) throws -> (guarded: SpawnedGuard, spool: FilePath, state: FilePath) {
        let state = fixture.root.appending("state.json")
        let spool = fixture.root.appending("spool").appending("saved.state")
        let now = stoker_boot_time()
        let charge = GuardCharge(
            lease: GuardLease(interruptAt: now + interruptAfter.nanoseconds, killAt: now + killAfter.nanoseconds),
            grace: grace.nanoseconds,
            stateFile: state.string,
            spoolFile: spool.string,
            statesInOutput: statesInOutput,
            executable: "/bin/sh",
            arguments: ["-c", script]
        )
        let command = ChildCommand(
            executable: "/bin/sh",
            arguments: [],
            environment: Fixture.environment,
            directory: fixture.root,
            output: .discard,
            errors: .discard
        )
        let guarded = try SpawnedGuard(charge, fixture.host.guardExecutable, command, lock: -1)
        return (guarded, spool, state)
    }

    private func end(_ guarded: SpawnedGuard) async -> ChildStatus {
        let status = await reap(guarded)
        close(guarded.output)
        close(guarded.errors)
        return status
    }

    private func reap(_ guarded: SpawnedGuard) async -> ChildStatus {
        await BlockingWork.run { () throws(Never) in
            var status: Int32 = 0
            while waitpid(guarded.pid, &status, 0) < 0 && errno == EINTR {}
            return ChildStatus(waitStatus: status)
        }
    }

    /// Waits until the child has printed something.
    private func firstOutput(_ guarded: SpawnedGuard) async {
        await BlockingWork.run { () throws(Never) in
            var waiting = pollfd(fd: guarded.output, events: Int16(POLLIN), revents: 0)
            poll(&waiting, 1, 20_000)
        }
    }

    @Test func `a guard ends its child when the worker has gone, and saves the state`() async throws {
        let (guarded, spool, _) = try start(
            "trap 'echo {} > state.json; exit 3' INT; echo ready; while :; do sleep 0.05; done"
        )
        await firstOutput(guarded)
        close(guarded.socket)
        #expect(await end(guarded) == .exited(3))
        #expect(try PrivateFiles.read(spool) == Array("{}\n".utf8))
        var information = stat()
        stat(spool.string, &information)
        #expect(information.st_mode & 0o777 == 0o600)
    }

    @Test func `what has a session of its own outlives a child that ended by itself, and nothing else does`()
        async throws
    {
        let sleeper = "sh -c 'echo $$ > PID; exec sleep 600' </dev/null >/dev/null 2>&1 &"
        let (guarded, _, _) = try start(
            """
            \(sleeper.replacing("PID", with: "left")) setsid \(sleeper.replacing("PID", with: "stays"))
            until [ -s left ] && [ -s stays ]; do sleep 0.01; done
            """
        )
        #expect(await end(guarded) == .exited(0))
        func process(_ name: String) throws -> pid_t {
            let text = String(decoding: try PrivateFiles.read(fixture.root.appending(name)) ?? [], as: UTF8.self)
            return try #require(pid_t(text.split(separator: "\n").first ?? ""))
        }
        let (left, stays) = (try process("left"), try process("stays"))
        #expect(kill(left, 0) == -1)
        #expect(kill(stays, 0) == 0)
        kill(stays, SIGKILL)
    }

    /// 2 MB: more than any pipe holds. Without a reader, the first line would be all that it writes.
    @Test func `a child whose worker has gone may print as much as it likes before it saves its state`() async throws {
        let lines = "trap - INT; yes line | head -c 2000000; yes line | head -c 2000000 >&2"
        let (guarded, spool, _) = try start(
            "trap '\(lines); echo {} > state.json; exit 3' INT; echo ready; while :; do sleep 0.05; done"
        )
        await firstOutput(guarded)
        for descriptor in [guarded.output, guarded.errors, guarded.socket] { close(descriptor) }
        let status = await reap(guarded)
        #expect(status == .exited(3))
        #expect(try PrivateFiles.read(spool) == Array("{}\n".utf8))
    }

    @Test func `a guard keeps the states that a process says when nobody else hears them`() async throws {
        let said = #"echo "{\"type\":\"state\",\"state\":{\"n\":2}}""#
        let (guarded, spool, _) = try start(
            "trap '\(said); exit 0' INT; echo ready; while :; do sleep 0.05; done",
            statesInOutput: true
        )
        await firstOutput(guarded)
        for descriptor in [guarded.output, guarded.errors, guarded.socket] { close(descriptor) }
        let status = await reap(guarded)
        #expect(status == .exited(0))
        #expect(try PrivateFiles.read(spool) == Array(#"{"n":2}"#.utf8))
    }

    @Test(arguments: [
        "mkfifo state.json", "mkdir state.json", "ln -s /etc/passwd state.json", "truncate -s 1500M state.json",
    ])
    func `a guard ends whatever its child has made of the state, and saves nothing of it`(trick: String) async throws {
        let (guarded, spool, _) = try start(
            "trap 'exit 3' INT; \(trick); echo ready; while :; do sleep 0.05; done"
        )
        await firstOutput(guarded)
        close(guarded.socket)
        #expect(await end(guarded) == .exited(3))
        #expect(access(spool.string, F_OK) != 0)
    }

    @Test func `what a guard said last is heard although it has not read everything`() throws {
        var sockets: [Int32] = [-1, -1]
        try #require(stoker_message_sockets(&sockets) == 0)
        GuardMessage.kill.send(over: sockets[0])
        GuardMessage.ended(waitStatus: 7).send(over: sockets[1])
        // With the order unread, the kernel reports a reset before it gives what was said.
        close(sockets[1])
        #expect(GuardMessage.receive(from: sockets[0]) == .message(.ended(waitStatus: 7)))
        #expect(GuardMessage.receive(from: sockets[0]) == .closed)
        close(sockets[0])
    }

    @Test func `a guard kills what ignores it when the worker has gone, descendants included`() async throws {
        let mark = "marked-\(UInt64.random(in: 0...UInt64.max))"
        let script = """
            echo '{"serial":1}' > state.json
            setsid sh -c ': \(mark); trap "" INT; echo ready; while :; do sleep 1; done' &
            trap '' INT; while :; do sleep 1; done
            """
        let (guarded, spool, _) = try start(script, grace: .milliseconds(100))
        await firstOutput(guarded)
        close(guarded.socket)
        #expect(await end(guarded) == .signaled(SIGKILL))
        #expect(Fixture.processes(marked: mark) == [])
        #expect(try PrivateFiles.read(spool) == Array("{\"serial\":1}\n".utf8))
    }

    @Test func `a guard ends its child when the lease ends, though its worker is silent and not dead`() async throws {
        let (guarded, spool, _) = try start(
            "echo '{}' > state.json; trap '' INT; while :; do sleep 1; done",
            interruptAfter: .milliseconds(300),
            killAfter: .milliseconds(500)
        )
        #expect(await end(guarded) == .signaled(SIGKILL))
        var heard: [GuardMessage] = []
        while case .message(let message) = GuardMessage.receive(from: guarded.socket) { heard.append(message) }
        #expect(heard.dropFirst() == [.ending(.lease), .ended(waitStatus: SIGKILL)])
        #expect(try PrivateFiles.read(spool) == Array("{}\n".utf8))
        close(guarded.socket)
    }

    @Test func `a child dies with its guard`() async throws {
        let mark = "marked-\(UInt64.random(in: 0...UInt64.max))"
        let (guarded, _, _) = try start(": \(mark); echo ready; exec sleep 1000")
        await firstOutput(guarded)
        // The child's first line may come before its guard's first word.
        var received = GuardMessage.receive(from: guarded.socket)
        while received == .nothing {
            var waiting = pollfd(fd: guarded.socket, events: Int16(POLLIN), revents: 0)
            poll(&waiting, 1, 1000)
            received = GuardMessage.receive(from: guarded.socket)
        }
        guard case .message(.started(let child)) = received else {
            Issue.record("the guard did not tell its child's id")
            return
        }
        kill(guarded.pid, SIGKILL)
        _ = await end(guarded)
        // It is not a child of this process, so only its id shows its end.
        while kill(child, 0) == 0 && !isZombie(child) { try await Task.sleep(for: .milliseconds(5)) }
        close(guarded.socket)
    }

    private func isZombie(_ process: Int32) -> Bool {
        guard let line = try? PrivateFiles.read(FilePath("/proc/\(process)/stat")) else { return true }
        return String(decoding: line, as: UTF8.self).split(separator: ")").last?.hasPrefix(" Z") ?? true
    }

    @Test(arguments: [SIGKILL, SIGSTOP])
    func `a worker that is killed or frozen takes its children with it`(signal: Int32) async throws {
        // The worker is a process of its own: this test's binary cannot be killed, so a shell stands for it. It holds
        // the socket as its descriptor 9 and never speaks.
        let mark = "marked-\(UInt64.random(in: 0...UInt64.max))"
        let (guarded, spool, _) = try start(
            ": \(mark); echo '{}' > state.json; echo ready; while :; do sleep 1; done",
            interruptAfter: .seconds(2),
            killAfter: .seconds(3)
        )
        await firstOutput(guarded)
        let worker = try holder(of: guarded.socket)
        close(guarded.socket)
        kill(worker, signal)
        #expect(await end(guarded) == .signaled(SIGINT))
        #expect(Fixture.processes(marked: mark) == [])
        #expect(try PrivateFiles.read(spool) == Array("{}\n".utf8))
        kill(worker, SIGKILL)
        await BlockingWork.run { () throws(Never) in _ = waitpid(worker, nil, 0) }
    }

    /// A process that does nothing but hold the socket.
    private func holder(of socket: Int32) throws -> pid_t {
        let pid = SpawnedGuard.withCStrings(["/bin/sleep", "1000"]) { arguments in
            SpawnedGuard.withCStrings([]) { environment in
                stoker_spawn_session("/bin/sleep", arguments, environment, "/", [-1, -1, -1, socket], 4)
            }
        }
        try #require(pid > 0)
        return pid
    }
}
