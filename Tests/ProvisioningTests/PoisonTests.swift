// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Glibc
import SystemPackage
import Templates
import TestSupport
import Testing

@testable import Provisioning

/// What a process template says and writes is bounded, and its execution always ends.
@Suite(.timeLimit(.minutes(2)))
struct PoisonTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    private func request(_ poison: String) throws -> BuildRequest {
        let files = try ["provision", "stoker.yaml"].map { name in
            let bytes = try PrivateFiles.read(Poison.template.appending(name))
            return ArchiveEntry.file(name, bytes ?? [], executable: name == "provision")
        }
        return .fixture(try fixture.archive(files), parameters: [.init(name: "poison", value: poison)])
    }

    @Test(arguments: Poison.allCases)
    func `a poison fails its build by the bound that it exceeds, and keeps the last good state`(poison: Poison)
        async throws
    {
        let control = fixture.control(
            wallClock: poison.takesAllTime ? .seconds(2) : .seconds(100),
            interruptGrace: .milliseconds(200)
        )
        let request = try request(poison.rawValue)
        let recorder = Recorder()
        let result: Result<BuildOutcome, ProvisioningFailure>
        do throws(ProvisioningFailure) {
            let provisioner = ProcessProvisioner(host: fixture.host)
            result = .success(try await provisioner.build(request, reporter: recorder, control: control).checked())
        } catch {
            result = .failure(error)
        }
        let state = Array(Poison.state.utf8)
        switch (result, poison.failure) {
        case (.success(let outcome), nil): #expect(outcome.state == state)
        case (.failure(let failure), let expected?):
            #expect(failure.code.rawValue == expected.code)
            #expect(failure.message.contains(expected.words), "\(failure.message.prefix(300))")
            #expect(failure.state == state)
            let spooled = try await fixture.host.spool.recover { Issue.record("\($0)") }
            #expect(spooled == [SpooledState(HeldJob(id: request.job.id, epoch: 7), state: state)])
        case (.success, .some(let expected)): Issue.record("it succeeded, and was to fail: \(expected.words)")
        case (.failure(let failure), nil): Issue.record("it failed: \(failure.message.prefix(300))")
        }
        if poison == .manyStates {
            #expect(recorder.checkpoints.last == state)
        } else {
            #expect(recorder.checkpoints == [state])
        }
        for room in WorkPlace.rooms(in: fixture.host.workDirectory) {
            #expect(try PrivateFiles.names(in: room) == [])
        }
        for line in recorder.lines {
            #expect(line.output.utf8.count <= ChildBounds.lineBytes + 100)
            #expect(line.stage.utf8.count <= ChildBounds.nameBytes)
        }
    }

    @Test func `a child that stops its guard again and again is ended all the same`() async throws {
        let mark = "marked-\(UInt64.random(in: 0...UInt64.max))"
        let control = ExecutionControl(
            limits: ExecutionLimits(interruptGrace: .milliseconds(100), guardGrace: .milliseconds(400)),
            leaseUntil: .now + .seconds(3_600)
        )
        let script = ": \(mark); trap '' INT; echo ready; while :; do kill -STOP $PPID; done"
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await fixture.shell(
                script,
                control: control,
                output: .lines { line in if line.text == "ready" { control.interrupt(.canceled) } }
            )
        }
        #expect(failure?.code == .canceled, "\(failure?.message ?? "it ended by itself")")
        #expect(Fixture.processes(marked: mark) == [])
    }

    @Test func `orders and the lease reach a guard while a line of its child is read`() async throws {
        let control = fixture.control(lease: .seconds(3))
        let (reading, ended) = (Gate(), DispatchGate())
        let renewals = Task {
            await reading.opened()
            // Past the first lease, and further.
            for _ in 0..<17 {
                control.renewLease(until: .now + .seconds(3))
                try await Task.sleep(for: .milliseconds(200))
            }
            control.interrupt(.canceled)
        }
        let script = "trap 'echo >interrupted; exit 3' INT; echo ready; while :; do sleep 0.05; done"
        let execution = HeldJob(id: .random(), epoch: 1)
        let wasInterrupted = try await fixture.host.withWorkDirectory(execution, control: control) {
            directory throws(ProvisioningFailure) in
            let file = directory.path.appending("interrupted")
            do throws(ProvisioningFailure) {
                _ = try await fixture.shell(
                    script,
                    in: directory,
                    control: control,
                    output: .lines { _ in
                        reading.open()
                        // This line is read as long as the child runs.
                        ended.wait { access(file.string, F_OK) == 0 || control.interruption == .leaseEnding }
                    }
                )
            } catch {
                #expect(error.code == .canceled)
            }
            return access(file.string, F_OK) == 0
        }
        #expect(wasInterrupted)
        try await renewals.value
    }

    @Test func `what a child prints in all is bounded`() async throws {
        var host = fixture.host
        host.bounds.outputBytes = 1 << 20
        let failure = await #expect(throws: ProvisioningFailure.self) {
            let execution = HeldJob(id: .random(), epoch: 1)
            try await host.withWorkDirectory(execution, control: fixture.control()) {
                directory throws(ProvisioningFailure) in
                let command = ChildCommand(
                    executable: "/bin/sh",
                    arguments: ["-c", "yes"],
                    environment: Fixture.environment,
                    directory: directory.path,
                    output: .discard,
                    errors: .discard
                )
                _ = try await host.runner.run(command, in: directory, control: fixture.control())
            }
        }
        #expect(failure?.code == .invalid)
        #expect(failure?.message.hasPrefix("What the program printed has ") == true)
        #expect(failure?.message.hasSuffix(" bytes; at most 1048576 are taken.") == true)
    }

    @Test func `a state's bound can be set, and a state that has just as many bytes is taken`() async throws {
        var host = fixture.host
        host.bounds.stateBytes = 1_000
        func building(_ bytes: Int) async throws(ProvisioningFailure) -> BuildOutcome {
            let script = """
                #!/bin/sh
                echo '{"type":"state","state":1}'
                printf '{"type":"state","state":"'; head -c \(bytes - 2) /dev/zero | tr '\\0' x; printf '"}\\n'
                """
            let archive: TemplateArchive
            do {
                archive = try fixture.archive([.file("provision", Array(script.utf8), executable: true)])
            } catch {
                throw ProvisioningFailure(.failed, "\(error)")
            }
            return try await ProcessProvisioner(host: host)
                .build(.fixture(archive), reporter: Recorder(), control: fixture.control())
        }
        #expect(try await building(1_000).state?.count == 1_000)
        let failure = await #expect(throws: ProvisioningFailure.self) { try await building(1_001) }
        let message = "The state has 1001 bytes; at most 1000 are taken (worker.max_state_size)."
        var expected = ProvisioningFailure(.invalid, message, state: Array("1".utf8))
        expected.exceedsBound = true
        #expect(failure == expected)
    }
}

/// Blocks a thread until a condition holds.
private struct DispatchGate: Sendable {
    func wait(until condition: () -> Bool) {
        while !condition() { poll(nil, 0, 10) }
    }
}
