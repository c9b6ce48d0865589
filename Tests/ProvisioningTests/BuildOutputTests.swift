// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Templates
import Testing

@testable import Provisioning

/// What builds give to the owner, and that no log and no error shows what is sensitive.
@Suite(.timeLimit(.minutes(2))) struct BuildOutputTests {
    let fixture: Fixture

    init() throws {
        fixture = try Fixture()
    }

    private func process(
        _ script: String,
        _ transition: Transition = .start,
        earlier: [String] = [],
        reporter: Recorder = Recorder()
    ) async throws -> BuildOutcome {
        let archive = try fixture.archive([.file("provision", Array("#!/bin/sh\n\(script)\n".utf8), executable: true)])
        var request = BuildRequest.fixture(archive, transition)
        request.earlierOutputs = earlier
        return try await ProcessProvisioner(host: fixture.host)
            .build(request, reporter: reporter, control: fixture.control()).checked()
    }

    @Test func `a process gives values of any type, and the last one of a name counts`() async throws {
        let outcome = try await process(
            #"""
            cat <<'END'
            {"type":"output","name":"stoker_url","value":"https://box.example/?a=1","sensitive":false}
            {"type":"output","name":"n","value":1}
            {"type":"output","name":"n","value":12345678901234567890.50}
            {"type":"output","name":"all","value":{"b":[true,null,"x\u0000y"],"a":{}}}
            {"type":"output","name":"none","value":null,"sensitive":null}
            END
            """#
        )
        #expect(
            outcome.outputs.map { "\($0.name)=\($0.json)" } == [
                #"all={"b":[true,null,"x\ufffdy"],"a":{}}"#, "n=12345678901234567890.50", "none=null",
                #"stoker_url="https://box.example/?a=1""#,
            ]
        )
        #expect(outcome.outputs.allSatisfy { !$0.isSensitive })
        #expect(try await process(#"echo '{"type":"output","name":"n","value":1}'"#, .delete).outputs.isEmpty)
    }

    @Test func `a sensitive value is in no log line after it, and in no error`() async throws {
        let recorder = Recorder()
        let outcome = try await process(
            #"""
            echo '{"type":"output","name":"token","value":{"deep":["s3cr3t-token"]},"sensitive":true}'
            echo "the token is s3cr3t-token"
            echo "and was earlier-token" >&2
            echo '{"type":"output","name":"link","value":"https://x/?t=s3cr3t-token"}'
            """#,
            earlier: [#""earlier-token""#],
            reporter: recorder
        )
        #expect(!recorder.text.contains("s3cr3t-token") && recorder.text.contains("the token is (sensitive)"))
        #expect(!recorder.text.contains("earlier-token") && recorder.text.contains("and was (sensitive)"))
        // What contains a secret is one.
        #expect(outcome.outputs.map(\.isSensitive) == [true, true])
        #expect(outcome.outputs.first?.json == #""https://x/?t=s3cr3t-token""#)

        let failed = Recorder()
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await process(
                #"""
                echo '{"type":"output","name":"token","value":"s3cr3t-token","sensitive":true}'
                echo '{"type":"result","error":"no s3cr3t-token here"}'
                """#,
                reporter: failed
            )
        }
        #expect(failure?.message == "no (sensitive) here")
        #expect(!failed.text.contains("s3cr3t"))
    }

    @Test(arguments: [
        (#"{"type":"output","value":1}"#, "has no `name`"),
        (#"{"type":"output","name":"","value":1}"#, "has no `name`"),
        (#"{"type":"output","name":"x"}"#, "has no `value`"),
        (#"{"type":"output","name":"x","value":"s3cr3t","sensitive":"yes"}"#, "must be true or false"),
        (#"{"type":"output","name":"x","value":"s3cr3t\ud800"}"#, "must be JSON"),
        (#"{"type":"output","name":"x","value":"s3cr3t",}"#, "is no JSON"),
    ])
    func `an output that cannot be read fails the build, and is not quoted`(line: String, words: String) async throws {
        let recorder = Recorder()
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await process("cat <<'END'\n\(line)\nEND", reporter: recorder)
        }
        #expect(failure?.code == .invalid && failure?.message.contains(words) == true, "\(failure?.message ?? "")")
        #expect(!recorder.text.contains("s3cr3t"))
    }

    @Test(arguments: [
        (#"for i in $(seq 201); do echo "{\"type\":\"output\",\"name\":\"o$i\",\"value\":1}"; done"#, "200 outputs"),
        (#"v=$(x 65536); echo "{\"type\":\"output\",\"name\":\"o\",\"value\":\"$v\"}""#, "at most 65536"),
        (
            #"""
            v=$(x 60000)
            for i in $(seq 18); do echo "{\"type\":\"output\",\"name\":\"o$i\",\"value\":\"$v\"}"; done
            """#, "at most 1048576"
        ),
    ])
    func `more than the bounds fails the build once`(script: String, words: String) async throws {
        let repeated = "x() { head -c $1 /dev/zero | tr '\\0' x; }\n\(script)"
        let failure = await #expect(throws: ProvisioningFailure.self) { try await process(repeated) }
        #expect(failure?.code == .invalid && failure?.message.contains(words) == true, "\(failure?.message ?? "")")
    }

    @Test(.enabled(if: hasTerraform)) func `Terraform's outputs of all types are read from its state`() async throws {
        let terraform = try TerraformFixture()
        let archive = try terraform.archive(
            """
            variable "stoker_workspace_owner" {}
            variable "secret" { sensitive = true }
            resource "terraform_data" "box" { input = var.stoker_workspace_owner }
            output "owner" { value = terraform_data.box.output }
            output "ports" { value = [1, 2.5] }
            output "map" { value = { b = true, a = null } }
            output "any" { value = tomap({ x = "ü" }) }
            output "token" {
              value     = { key = "t0ken-of-${terraform_data.box.output}" }
              sensitive = true
            }
            output "open_secret" { value = "x-${nonsensitive(var.secret)}" }
            """
        )
        let recorder = Recorder()
        let secret = [BuildParameter(name: "secret", value: "hidden-value", sensitive: true)]
        let outcome = try await terraform.build(archive, parameters: secret, reporter: recorder)
        #expect(
            outcome.outputs.map { "\($0.name) \($0.json) \($0.isSensitive)" } == [
                #"any {"x":"ü"} false"#, #"map {"a":null,"b":true} false"#, #"open_secret "x-hidden-value" true"#,
                #"owner "ada" false"#, "ports [1,2.5] false", #"token {"key":"t0ken-of-ada"} true"#,
            ]
        )
        #expect(!recorder.text.contains("t0ken-of-ada") && !recorder.text.contains("hidden-value"))
        let again = try await terraform.build(archive, parameters: secret, state: outcome.state)
        #expect(again.outputs == outcome.outputs)
        #expect(try await terraform.build(archive, .delete, parameters: secret, state: again.state).outputs.isEmpty)
    }

    @Test(arguments: [
        ("https://a", true), ("HTTP://a.b:8080/x?y#z", true), ("http://user@host/", true), ("https://", false),
        ("https:///x", false), ("javascript:alert(1)", false), ("ftp://a", false), ("https://a b", false),
        ("https://a\"><script>", false), ("https://a\n", false), (" https://a", false), ("data:text/html,x", false),
    ])
    func `only web addresses are offered to be opened`(text: String, isOffered: Bool) {
        #expect((KnownOutput.url.text(of: .string(text)) != nil) == isOffered)
        #expect(KnownOutput.url.text(of: .array([.string("https://a")])) == nil)
        #expect(KnownOutput.ssh.text(of: "ssh -p 22 a@b") == "ssh -p 22 a@b")
        #expect(KnownOutput.ssh.text(of: .string("ssh a\u{1b}[2J")) == nil)
    }
}
