// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import Templates
import Testing

@testable import Provisioning

@Suite(.timeLimit(.minutes(1)))
struct ProcessTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    private func archive(_ script: String, _ more: [ArchiveEntry] = [], name: String = "provision") throws
        -> TemplateArchive
    {
        try fixture.archive([.file(name, Array("#!/bin/sh\n\(script)\n".utf8), executable: true)] + more)
    }

    private func build(
        _ request: BuildRequest,
        reporter: Recorder = Recorder(),
        control: ExecutionControl? = nil
    ) async throws(ProvisioningFailure) -> BuildOutcome {
        try await ProcessProvisioner(host: fixture.host)
            .build(request, reporter: reporter, control: control ?? fixture.control())
    }

    @Test func `all that a process says is understood, and the rest is its log`() async throws {
        let script = #"""
            cat <<'END'
            {"type":"log","level":"warn","stage":"boot","output":"slow\ndisk"}
            {"type":"state","state":{"n": 12345678901234567890, "text": "a,}\"b"}}
            {"type":"resource","resource_type":"vm","name":"box","address":"vm.box","daily_cost":3}
            {"type":"resource","resource_type":"ip","name":"box"}
            {"type":"replacement","address":"vm.box","paths":["image"],"reason":"new image"}
            {"type":"agent","name":"main"}
            {"type":"unheard of"}
            {"type":"result"}
            plain
            END
            echo problem >&2
            """#
        let recorder = Recorder()
        let outcome = try await build(.fixture(try archive(script)), reporter: recorder)
        #expect(
            outcome
                == BuildOutcome(
                    state: Array(#"{"n": 12345678901234567890, "text": "a,}\"b"}"#.utf8),
                    resources: [
                        BuiltResource(type: "vm", name: "box", address: "vm.box", dailyCost: 3),
                        BuiltResource(type: "ip", name: "box", address: "ip.box"),
                    ],
                    agents: ["main"],
                    replacements: [Replacement(address: "vm.box", paths: ["image"], reason: "new image")]
                )
        )
        #expect(recorder.checkpoints == [outcome.state])
        #expect(recorder.replacing == outcome.replacements)
        let out = recorder.lines.filter { $0.output != "problem" }
        #expect(
            out == [
                LogLine(level: .warn, stage: "boot", output: "slow"),
                LogLine(level: .warn, stage: "boot", output: "disk"),
                LogLine(level: .info, stage: "start", output: #"{"type":"unheard of"}"#),
                LogLine(level: .info, stage: "start", output: "plain"),
            ]
        )
        #expect(recorder.lines.contains(LogLine(level: .warn, stage: "start", output: "problem")))
    }

    @Test func `what looks like a message and is none is told in the log`() async throws {
        let script = #"""
            cat <<'END'
            {"type":"resuorce","resource_type":"vm","name":"box"}
            {"type":"sta
            {"type":"log","output":7}
            {"type":"metric","value":1}
            {curly}
            {"type":"result","error":"full","code":"CAPACTIY"}
            END
            exit 1
            """#
        let recorder = Recorder()
        await #expect(throws: ProvisioningFailure(.failed, "full")) {
            try await build(.fixture(try archive(script)), reporter: recorder)
        }
        #expect(
            recorder.lines.filter { $0.level == .warn }.map(\.output) == [
                "There is no type 'resuorce', so this line was not read as a message; did you mean 'resource'?",
                "This line begins as a message and is no JSON at its byte 9, so it was not read as one.",
                "This line is no `log`: its members are not as they must be, so it was not read as one.",
                "There is no code 'CAPACTIY', so it was passed over; did you mean 'CAPACITY'?",
            ]
        )
    }

    @Test func `a process is told everything about its build`() async throws {
        let recorder = Recorder()
        let request = BuildRequest.fixture(
            try archive("echo $1 $#; cat"),
            .stop,
            stage: .none,
            parameters: [.init(name: "region", value: "us")],
            state: Array(#"{"id": 1.50}"#.utf8),
            agentTokens: ["main": "abc"]
        )
        _ = try await build(request, reporter: recorder)
        let request1 =
            #"{"agent_tokens":{"main":"abc"},"build":{"id":"00000000-0000-00b1-0000-000000000001","number":3},"claim_epoch":7,"#
            + #""organization":"default","owner":{"email":"ada@example.org","id":"00000000-0000-00c1-0000-000000000001","name":"ada"},"#
            + #""parameters":{"region":"us"},"preset":"us-nix","refresh":false,"replacement_policy":"warn","stage":"none","#
            + #""template":{"name":"go-dev","version":"v1"},"transition":"stop","#
            + #""workspace":{"id":"00000000-0000-00a1-0000-000000000001","name":"box"},"state":{"id": 1.50}}"#
        #expect(recorder.lines.map(\.output) == ["stop 1", request1])
    }

    @Test func `a failure keeps the state, and says what the process said`() async throws {
        let state = #"{"half":true}"#
        let script = #"""
            echo '{"type":"state","state":{"half":true}}'
            echo '{"type":"result","error":"no machine left","code":"CAPACITY"}'
            exit 1
            """#
        await #expect(throws: ProvisioningFailure(.capacity, "no machine left", state: Array(state.utf8))) {
            try await build(.fixture(try archive(script)))
        }
        await #expect(throws: ProvisioningFailure(.transient, "dial tcp: connection refused")) {
            try await build(.fixture(try archive("echo starting >&2; echo dial tcp: connection refused >&2; exit 3")))
        }
        await #expect(throws: ProvisioningFailure(.failed, "The template's program ended with exit status 3.")) {
            try await build(.fixture(try archive("exit 3")))
        }
    }

    @Test func `a process that is ended keeps its last state, in memory and in the spool`() async throws {
        let control = fixture.control()
        let recorder = Recorder { _ in control.interrupt(.leaseEnding) }
        let request = BuildRequest.fixture(
            try archive(#"echo '{"type":"state","state":[1]}'; while :; do sleep 0.05; done"#)
        )
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await build(request, reporter: recorder, control: control)
        }
        #expect(failure?.code == .interrupted)
        #expect(failure?.state == Array("[1]".utf8))
        let spooled = SpooledState(HeldJob(id: request.job.id, epoch: 7), state: Array("[1]".utf8))
        #expect(try await fixture.host.spool.recover { Issue.record("\($0)") } == [spooled])
    }

    @Test func `states stay when nothing is said, and go with a deletion`() async throws {
        let silent = try archive("true")
        let state = Array(#"{"kept":1}"#.utf8)
        #expect(try await build(.fixture(silent, state: state)).state == state)
        #expect(try await build(.fixture(silent, .delete, state: state)).state == nil)
        #expect(try await build(.fixture(silent)).state == nil)
    }

    @Test func `that nothing exists any more is a state like another`() async throws {
        let null = Array("null".utf8)
        let script = #"echo '{"type":"state","state":123}'; echo '{"type":"state","state":null}'"#
        let recorder = Recorder()
        #expect(try await build(.fixture(try archive(script)), reporter: recorder).state == null)
        #expect(recorder.checkpoints.last == null)
        // A program that fails after it has cleaned up is not asked to destroy what it had reported before.
        await #expect(throws: ProvisioningFailure(.failed, "gone", state: null)) {
            try await build(.fixture(try archive(script + "; echo gone >&2; exit 1")))
        }
        let told = Recorder()
        _ = try await build(.fixture(try archive("cat"), .delete, state: null), reporter: told)
        #expect(told.lines.map(\.output).joined().hasSuffix(#""state":null}"#))
    }

    @Test func `a NUL in what a process says is replaced, for no database takes one`() async throws {
        let script = #"""
            cat <<'END'
            {"type":"log","output":"a\u0000b \\\\u0000"}
            {"type":"resource","resource_type":"vm","name":"b\u0000x"}
            {"type":"result","error":"no\u0000pe"}
            END
            """#
        let recorder = Recorder()
        await #expect(throws: ProvisioningFailure(.failed, "no\u{FFFD}pe")) {
            try await build(.fixture(try archive(script)), reporter: recorder)
        }
        #expect(recorder.lines.map(\.output) == [#"a\#u{FFFD}b \\u0000"#])
    }

    @Test func `a claim that would replace under block is refused`() async throws {
        let script = #"echo '{"type":"replacement","address":"vm.box"}'; exit 1"#
        let replaced = [Replacement(address: "vm.box")]
        let message =
            "The claim would replace vm.box, and terraform.replacement_policy is block: nothing was changed, and the "
            + "prebuild goes back to its pool."
        await #expect(throws: ProvisioningFailure(.replacementBlocked, message, replacements: replaced)) {
            try await build(.fixture(try archive(script), stage: .claim, policy: .block))
        }
    }

    @Test func `the executable's name comes from the manifest`() async throws {
        let yaml = "name: x\nprovisioner: process\nexecutable: bin/run\n"
        let named = try archive("echo ran", [.file("stoker.yaml", Array(yaml.utf8))], name: "bin/run")
        let recorder = Recorder()
        _ = try await build(.fixture(named), reporter: recorder)
        #expect(recorder.lines.map(\.output) == ["ran"])

        let missing = await #expect(throws: ProvisioningFailure.self) {
            try await build(.fixture(try archive("true", name: "other")))
        }
        #expect(missing?.message.hasSuffix("it, or the interpreter that its first line names, does not exist.") == true)
    }

    @Test func `an import reads the manifest and checks the executable`() async throws {
        let yaml = "name: x\nprovisioner: process\nparameters:\n  size: { default: small }\n"
        func importing(_ archive: TemplateArchive) async throws(ProvisioningFailure) -> TemplateManifest {
            let request = ImportRequest(
                job: HeldJob(id: .random(), epoch: 1),
                organization: "default",
                templateName: "x",
                versionName: "v1",
                archive: archive
            )
            return try await ProcessProvisioner(host: fixture.host)
                .importVersion(request, reporter: Recorder(), control: fixture.control())
        }
        let manifest = try await importing(try archive("", [.file("stoker.yaml", Array(yaml.utf8))]))
        #expect(manifest.executable == "provision")
        #expect(manifest.parameters.map(\.name) == ["size"])
        let incomplete = try fixture.archive([.file("stoker.yaml", Array(yaml.utf8))])
        let failure = await #expect(throws: ProvisioningFailure.self) { try await importing(incomplete) }
        #expect(failure?.code == .invalid)
    }
}

@Suite(.timeLimit(.minutes(1)))
struct EchoTests {
    let fixture: Fixture
    let archive = TemplateArchive(hash: "") { [] }

    init() throws {
        fixture = try Fixture()
    }

    private func build(
        _ parameters: [String: String],
        stage: BuildStage = .none,
        policy: ReplacementPolicy = .warn,
        control: ExecutionControl? = nil
    ) async throws(ProvisioningFailure) -> BuildOutcome {
        let parameters = parameters.map { BuildParameter(name: $0.key, value: $0.value) }
        let request = BuildRequest.fixture(archive, stage: stage, parameters: parameters, policy: policy)
        return try await EchoProvisioner(host: fixture.host)
            .build(request, reporter: Recorder(), control: control ?? fixture.control())
    }

    @Test func `an echo succeeds at once, or as it is told`() async throws {
        let resource = BuiltResource(type: "echo", name: "echo", address: "echo.echo")
        let plain = BuildOutcome(state: Array(#"{"build":3}"#.utf8), resources: [resource])
        #expect(try await build([:]) == plain)
        await #expect(throws: ProvisioningFailure(.failed, "no: luck")) { try await build(["echo_fail": "no: luck"]) }
        await #expect(throws: ProvisioningFailure(.capacity, "none left")) {
            try await build(["echo_fail": "CAPACITY: none left"])
        }
        let replaced = [Replacement(address: "a.b"), Replacement(address: "a.c")]
        #expect(try await build(["echo_replace": "a.b,a.c"], stage: .claim).replacements == replaced)
        #expect(try await build(["echo_replace": "a.b,a.c"]).replacements == [])
    }

    @Test func `a sleeping echo wakes to be canceled`() async throws {
        let control = fixture.control()
        async let build = build(["echo_sleep_ms": "3600000"], control: control)
        control.interrupt(.canceled)
        let failure: ProvisioningFailure?
        do { _ = try await build; failure = nil } catch { failure = error as? ProvisioningFailure }
        #expect(failure == ProvisioningFailure(.canceled, "The job was canceled."))
    }
}
