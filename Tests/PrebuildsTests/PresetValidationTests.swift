// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import Testing

@Suite struct PresetValidationTests {
    /// What is wrong with a preset that gives `value` for one parameter; `nil`: nothing.
    private func problem(_ value: String?, _ parameter: VersionParameter) -> String? {
        let preset = Fixtures.preset(desired: 1).with {
            $0.parameters = [parameter]
            $0.values = value.map { [parameter.name: $0] } ?? [:]
        }
        return Fixtures.plan(preset).presets[0].statusChange?.message
    }

    private func accepts(_ value: String, type: String) -> Bool {
        problem(value, VersionParameter(name: "p", type: type)) == nil
    }

    @Test func `a required parameter needs a value or a default`() {
        let lacking = "parameter 'p' is required: the preset gives no value and the version no default"
        #expect(problem(nil, VersionParameter(name: "p")) == lacking)
        #expect(problem(nil, VersionParameter(name: "p", defaultValue: "x")) == nil)
        #expect(problem(nil, VersionParameter(name: "p", isRequired: false)) == nil)
        #expect(problem("", VersionParameter(name: "p")) == nil)
    }

    @Test(arguments: [
        ("string", "anything", true), ("", "anything", true), ("any", "[", false), ("capsule", "whatever", true),
        ("number", "12", true), ("number", "-1.5e3", true), ("number", "", false), ("number", "ten", false),
        ("number", "inf", false), ("number", "nan", false), ("number", "0x10", false), ("number", " 1", false),
        ("number", "1e999", false), ("number", "1e", false),
        ("bool", "true", true), ("bool", "0", true), ("bool", "yes", false), ("bool", "True", false),
        ("list(string)", #"["a", "b"]"#, true), ("list(string)", "[]", true), ("set( string )", #" [ "a" , ] "#, true),
        ("list(string)", #"["a" "b"]"#, false), ("list(string)", "[1]", true), ("list(string)", "[[]]", false),
        ("list(string)", "a", false),
        ("list(string)", #"["a"#, false), ("list(string)", #"["a"] x"#, false), ("list(string)", "[,]", false),
        ("list(string)", #"["\u00e9\n\"\\\/", "\ud83d\ude00"]"#, true), ("list(string)", #"["\ud83d"]"#, false),
        ("list(string)", #"["\x"]"#, false), ("list(string)", #"["\u00g0"]"#, false),
        ("list(string)", "[\"a\nb\"]", false),
        ("list(string)", #"["\u12"]"#, false), ("list(string)", #"["a",,"b"]"#, false), ("list(string)", "", false),
        ("list(number)", "[1, 2]", true), ("list(number)", "1, 2", false), ("tuple([string, bool])", " [] ", false),
        ("tuple([string, bool])", "[1, \"0\"]", true),
        ("map(string)", "{a = 1}", true), ("object({a=number})", "[]", false), ("map(string)", "", false),
    ])
    func `a value is of the parameter's type`(type: String, value: String, accepted: Bool) {
        #expect(accepts(value, type: type) == accepted)
    }

    @Test func `a value of another type is named`() {
        #expect(problem("ten", VersionParameter(name: "p", type: "number")) == "parameter 'p': 'ten' is not a number")
        #expect(problem("x", VersionParameter(name: "p", type: "bool")) == "parameter 'p': 'x' is not true or false")
    }

    @Test func `a value is one of the options`() {
        let size = VersionParameter(name: "size", options: ["s", "m"])
        #expect(problem("m", size) == nil)
        #expect(problem("xl", size) == "parameter 'size': 'xl' is none of the options ('s', 'm')")
        let tools = VersionParameter(name: "tools", type: "list(string)", options: ["go", "nix"])
        #expect(problem(#"["nix", "go"]"#, tools) == nil)
        #expect(
            problem(#"["nix", "vim"]"#, tools)
                == #"parameter 'tools': '["nix", "vim"]' is none of the options ('go', 'nix')"#
        )
    }

    @Test func `a value matches its regex`() {
        let parameter = VersionParameter(name: "p", validation: ParameterValidation(regex: "^[a-z]+$"))
        #expect(problem("abc", parameter) == nil)
        #expect(problem("abc1", parameter) == "parameter 'p': 'abc1' does not match '^[a-z]+$'")
    }

    @Test func `a regex that is none is a fault of the version`() {
        let parameter = VersionParameter(name: "p", validation: ParameterValidation(regex: "(["))
        #expect(problem("x", parameter) == "parameter 'p': the validation's regex '([' is not a regular expression")
    }

    @Test func `a number is within its bounds`() {
        let parameter = VersionParameter(
            name: "cpu",
            type: "number",
            validation: ParameterValidation(minimum: 1, maximum: 8.5)
        )
        #expect(problem("1", parameter) == nil)
        #expect(problem("8.5", parameter) == nil)
        #expect(problem("0.5", parameter) == "parameter 'cpu': '0.5' is below 1")
        #expect(problem("9", parameter) == "parameter 'cpu': '9' is above 8.5")
        let text = VersionParameter(name: "cpu", validation: ParameterValidation(minimum: 5))
        #expect(problem("1", text) == nil)
    }

    @Test func `the template's own words are used, and secrets are not`() {
        let validation = ParameterValidation(minimum: 1, maximum: 4, error: "{value} CPUs: from {min} to {max}")
        let parameter = VersionParameter(name: "cpu", type: "number", validation: validation)
        #expect(problem("9", parameter) == "parameter 'cpu': '9' CPUs: from 1 to 4")

        let secrets = [
            VersionParameter(name: "p", type: "number", isSensitive: true),
            VersionParameter(name: "p", options: ["a"], isSensitive: true),
            VersionParameter(name: "p", validation: ParameterValidation(regex: "^a$"), isSensitive: true),
            VersionParameter(
                name: "p",
                validation: ParameterValidation(regex: "^a$", error: "{value}!"),
                isSensitive: true
            ),
        ]
        for secret in secrets { #expect(problem("hunter2", secret)?.contains("hunter2") == false) }
    }

    @Test func `all that is wrong is told, in the version's order`() {
        let preset = Fixtures.preset(desired: 1).with {
            $0.parameters = [VersionParameter(name: "b", type: "number"), VersionParameter(name: "a")]
            $0.values = ["b": "x"]
            $0.schedules = [ScheduleRow(cronExpression: "*", desiredInstances: 1)]
        }
        let message = Fixtures.plan(preset).presets[0].statusChange?.message
        #expect(
            message
                == "schedule '*': character 2: 5 fields are expected (minute, hour, day of month, month, day of week), "
                + "and there is 1; parameter 'b': 'x' is not a number; "
                + "parameter 'a' is required: the preset gives no value and the version no default"
        )
    }
}
