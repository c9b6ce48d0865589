// SPDX-License-Identifier: Apache-2.0

import Domain
import SystemPackage
import Templates
import Testing

@testable import Provisioning

@Suite(.timeLimit(.minutes(1))) struct RedactorTests {
    private static let pem = "-----BEGIN KEY-----\nMIIabc+/def==\n  indented line\n-----END KEY-----"

    @Test(
        arguments: [
            (#"["hunter2-a", "hunter2-b"]"#, "x hunter2-a y hunter2-b z", "x (sensitive) y (sensitive) z"),
            (#"{user = "ada", pw = "s3cret!x"}"#, "pw is s3cret!x", "pw is (sensitive)"),
            (#"{"a":{"b":[{"c":"deep-one"}]},"n":20261129}"#, "deep-one 20261129", "(sensitive) (sensitive)"),
            (#"[{"k": "[\"inner-json\"]"}]"#, "inner-json", "(sensitive)"),
            (#"["on", "1", true, "true", 12]"#, "true 1 on 12", "true 1 on 12"),
            ("true", "it is true", "it is true"), ("abc", "abc", "abc"), ("abcd", "abcde", "(sensitive)e"),
            (#"a"b\c"#, #"{"x":"a\"b\\c"}"#, #"{"x":"(sensitive)"}"#),
            (#"a"b\c"#, #"{"x":"{\"y\":\"a\\\"b\\\\c\"}"}"#, #"{"x":"{\"y\":\"(sensitive)\"}"}"#),
            ("pa${x}ss", #"password = "pa$${x}ss""#, #"password = "(sensitive)""#),
            ("p<&>s", #""p\u003c\u0026\u003es""#, #""(sensitive)""#),
            ("p\u{e4}ss", #""p\u00e4ss""#, #""(sensitive)""#), ("pa\u{308}ss", "p\u{e4}ss", "(sensitive)"),
            ("a b/c&d=", "?q=a%20b%2Fc%26d%3D&r=a+b%2Fc%26d%3D", "?q=(sensitive)&r=(sensitive)"),
            ("it's me", #"'it'\''s me'"#, "'(sensitive)'"),
            (pem, "MIIabc+/def==", "(sensitive)"), (pem, "      indented line", "      (sensitive)"),
            (pem, "key: \(pem)!", "key: (sensitive)!"),
            ("s3cret-password", "Basic YWRhOnMzY3JldC1wYXNzd29yZA==", "Basic YWRhOn(sensitive)A=="),
            ("ab\u{0}cd", "ab\u{0}cd", "(sensitive)"), ("secret", "xsecre secre", "xsecre secre"),
            ("abab", "abababx", "(sensitive)x"), (#"["abcdef", "defghi"]"#, "abcdefghi", "(sensitive)"),
            (#"["he said", "he"]"#, "he said he", "(sensitive) he"),
        ] as [(String, String, String)]
    )
    func `a secret and all in it are blotted out`(value: String, text: String, shown: String) {
        #expect(Redactor(secrets: [value]).redact(text) == shown)
    }

    @Test func `the beginning of a secret at the end of a line that was cut is one`() {
        let redactor = Redactor(secrets: ["correct-horse-battery"])
        #expect(redactor.redact("is correct-horse", isCut: true) == "is (sensitive)")
        #expect(redactor.redact("is correct-horse") == "is correct-horse")
        #expect(redactor.redact("is cor", isCut: true) == "is cor")
    }

    @Test func `many secrets in a large text are found in one pass`() {
        // Every position of the text is the beginning of every secret: an algorithm that compares them one by one never
        // ends.
        let secrets = (0..<100).map { String(repeating: "a", count: 100) + "\($0)!" }
        let text = String(repeating: "a", count: 1 << 15)
        let redactor = Redactor(secrets: [#"["\#(secrets.joined(separator: #"",""#))"]"#])
        #expect(redactor.redact(text) == text)
        #expect(redactor.redact("x" + secrets[77] + "y") == "x(sensitive)y")
    }

    @Test func `what Terraform marks as sensitive in a state is secret`() {
        let state = """
            {"version": 4, "serial": 1,
             "outputs": {"o": {"value": {"k": "out-secret"}, "type": ["map", "string"], "sensitive": true},
                         "p": {"value": "public-output", "type": "string"}},
             "resources": [{"mode": "managed", "type": "t", "name": "n", "instances": [{
               "attributes": {"id": "the-id", "password": "attr-secret", "list": [1, {"x": "list-secret"}],
                 "input": {"value": {"v": "dyn-secret", "w": "dyn-public"}, "type": ["object", {"v": "string"}]}},
               "sensitive_attributes": [[{"type": "get_attr", "value": "password"}],
                 [{"type": "get_attr", "value": "list"}, {"type": "index", "value": {"value": 1, "type": "number"}}],
                 [{"type": "get_attr", "value": "input"}, {"type": "get_attr", "value": "v"}]]}]}]}
            """
        #expect(
            Set(TerraformSecrets.texts(in: Array(state.utf8))) == [
                "out-secret", "attr-secret", "list-secret", "dyn-secret",
            ]
        )
        #expect(TerraformSecrets.texts(in: Array("{".utf8)) == [])
        #expect(TerraformSecrets.texts(in: []) == [])
    }
}

/// All ways by which text leaves a build.
@Suite(.timeLimit(.minutes(1)))
struct ProcessRedactionTests {
    private let parameters = [
        BuildParameter(name: "keys", value: #"{"prod":["alpha-key-1","beta-key-2"]}"#, sensitive: true),
        BuildParameter(name: "size", value: "public-size"),
    ]

    private func run(_ script: String) async throws -> (Recorder, Result<BuildOutcome, ProvisioningFailure>) {
        let fixture = try Fixture()
        let archive = try fixture.archive([.file("provision", Array("#!/bin/sh\n\(script)".utf8), executable: true)])
        let recorder = Recorder()
        do throws(ProvisioningFailure) {
            let outcome = try await ProcessProvisioner(host: fixture.host).build(
                .fixture(archive, stage: .claim, parameters: parameters),
                reporter: recorder,
                control: fixture.control()
            )
            return (recorder, .success(outcome))
        } catch {
            return (recorder, .failure(error))
        }
    }

    @Test func `no word of a process shows an element of a sensitive value`() async throws {
        let (recorder, result) = try await run(
            #"""
            echo 'plain alpha-key-1 public-size'
            echo 'error beta-key-2' >&2
            cat <<'END'
            {"type":"log","stage":"alpha-key-1","output":"said beta-key-2\nand alpha-key-1"}
            {"type":"resource","resource_type":"vm","name":"alpha-key-1","address":"vm.beta-key-2"}
            {"type":"replacement","address":"vm.alpha-key-1","paths":["p.beta-key-2"],"reason":"alpha-key-1"}
            {"type":"state","state":{"key":"alpha-key-1"}}
            END
            """#
        )
        let outcome = try result.get()
        #expect(recorder.text.contains("plain (sensitive) public-size"))
        let told =
            "\(recorder.lines) \(recorder.timings) \(recorder.replacing) \(outcome.resources) \(outcome.replacements)"
        #expect(!told.contains("alpha-key") && !told.contains("beta-key"))
        #expect(
            recorder.replacing == [
                Replacement(address: "vm.(sensitive)", paths: ["p.(sensitive)"], reason: "(sensitive)")
            ]
        )
        #expect(outcome.resources.map(\.address) == ["vm.(sensitive)"])
        // The state stays whole.
        #expect(outcome.state == Array(#"{"key":"alpha-key-1"}"#.utf8))
    }

    @Test func `an error shows none either`() async throws {
        let (recorder, result) = try await run(
            #"echo '{"type":"result","error":"refused: alpha-key-1","code":"INVALID"}'; exit 1"#
        )
        #expect(throws: ProvisioningFailure(.invalid, "refused: (sensitive)")) { try result.get() }
        #expect(!recorder.text.contains("alpha-key-1"))
    }
}

@Suite(.timeLimit(.minutes(2)), .enabled(if: hasTerraform))
struct TerraformRedactionTests {
    @Test func `elements of sensitive lists, maps and objects never show`() async throws {
        let terraform = try TerraformFixture()
        let archive = try terraform.archive(
            """
            variable "keys" {
              type      = object({ list = list(string), map = map(string) })
              sensitive = true
            }
            resource "terraform_data" "leak" {
              input = nonsensitive(var.keys.list[0])
              provisioner "local-exec" {
                command = "echo ${nonsensitive(var.keys.map["k"])} ${nonsensitive(base64encode(var.keys.list[1]))}; exit 3"
              }
            }
            """
        )
        let recorder = Recorder()
        let value = #"{"list":["first-secret","second-secret"],"map":{"k":"third-secret"}}"#
        let failure = await #expect(throws: ProvisioningFailure.self) {
            try await terraform.build(
                archive,
                parameters: [
                    BuildParameter(
                        name: "keys",
                        value: value,
                        type: "object({ list = list(string), map = map(string) })",
                        sensitive: true
                    )
                ],
                reporter: recorder
            )
        }
        let told = recorder.text + (failure?.message ?? "")
        #expect(told.contains("exit status 3"))
        #expect(told.contains("(sensitive)"))
        for secret in ["first-secret", "second-secret", "third-secret", "c2Vjb25kLXNlY3Jl"] {
            #expect(!told.contains(secret), "\(secret)")
        }
    }

    @Test func `what a resource keeps as sensitive is secret in the next build`() async throws {
        let terraform = try TerraformFixture()
        let made = try await terraform.build(
            try terraform.archive(
                """
                resource "terraform_data" "made" { input = sensitive("made-in-terraform") }
                """
            )
        )
        let recorder = Recorder()
        _ = try await terraform.build(
            try terraform.archive(
                """
                resource "terraform_data" "made" { input = sensitive("made-in-terraform") }
                resource "terraform_data" "leak" {
                  provisioner "local-exec" { command = "echo ${nonsensitive(terraform_data.made.output)}" }
                }
                """
            ),
            state: made.state,
            reporter: recorder
        )
        #expect(!recorder.text.contains("made-in-terraform"))
        #expect(recorder.text.contains("(sensitive)"))
    }

    @Test func `an import shows no sensitive value of a preset`() async throws {
        let terraform = try TerraformFixture()
        let recorder = Recorder()
        let yaml = """
            name: go-dev
            presets:
              - name: us
                parameters: { token: [preset-secret, "x"] }
            """
        let module = """
            variable "token" {
              type      = list(string)
              sensitive = true
            }
            check "c" {
              assert {
                condition     = var.token[1] == "y"
                error_message = "Got ${nonsensitive(var.token[0])}."
              }
            }
            """
        _ = try await terraform.importVersion(yaml, module, reporter: recorder)
        #expect(recorder.text.contains("Got (sensitive)."))
    }
}
