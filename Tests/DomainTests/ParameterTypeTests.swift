// SPDX-License-Identifier: Apache-2.0

import Domain
import Testing

/// Which texts are one value, by type.
@Suite struct ParameterTypeTests {
    @Test(arguments: [
        ("number", ["4", "4.0", "4.", "04", "+4", "4e0", "0.4E1", "40e-1"], "4"),
        ("number", ["0", "-0", "0.00", "0e7", ".0"], "0"),
        ("number", ["-0.0012", "-.00120", "-12e-4"], "-0.0012"),
        (
            "number", ["123456789012345678901234567890.10", "1.234567890123456789012345678901e29"],
            "123456789012345678901234567890.1"
        ),
        ("number", ["1e3", "1000"], "1000"),
        ("bool", ["true", "1"], "true"), ("bool", ["false", "0"], "false"),
        (
            "list(string)", [#"["a","b"]"#, #" [ "a" , "b" ] "#, "[\"a\",\n\"b\",]", #"["\u0061", "b"] // both"#],
            #"["a","b"]"#
        ),
        ("list(string)", ["[1, true]", #"["1","true"]"#, #"[1.0, "true"]"#], #"["1","true"]"#),
        ("list(number)", ["[1.0, 2]", #"["1", "2e0"]"#], "[1,2]"),
        ("list(bool)", ["[true]", #"["1"]"#], "[true]"),
        ("set(string)", [#"["b", "a", "b"]"#, #"["a","b"]"#], #"["a","b"]"#),
        ("map(number)", [#"{"b": 2, "a": "1"}"#, "{a = 1.0, b : 2}", "{\n  a = 1\n  b = 2\n}"], #"{"a":1,"b":2}"#),
        (
            "object({a = string, b = optional(number, 3), c = optional(list(bool))})",
            [#"{"a": 1}"#, #"{a = "1", b = 3.0}"#, #"{"c": null, "b": "3", "a": "1", "x": "dropped"}"#],
            #"{"a":"1","b":3}"#
        ),
        ("tuple([string, bool])", [#"["x", "1"]"#, #"["x", true,]"#], #"["x",true]"#),
        ("any", [#"{"b": [1.0], "a": "x"}"#, #"{a = "x", b = [1]}"#], #"{"a":"x","b":[1]}"#),
        ("list(any)", [#"["a", 1]"#, #"["a","1"]"#], #"["a","1"]"#),
        ("map(object({ports=list(number), }))", [#"{x = {ports = [80.0]}}"#], #"{"x":{"ports":[80]}}"#),
        ("list", [#"["a"]"#], #"["a"]"#),
    ])
    func `notations of one value have one text`(type: String, notations: [String], text: String) {
        for notation in notations { #expect(ParameterType(type).canonical(notation) == text, "\(notation)") }
        #expect(ParameterType(type).canonical(text) == text)
        for notation in notations { #expect(ParameterType(type).areEqual(notation, text)) }
    }

    @Test(arguments: ["4.0", "04", "1e3", #"["a", "b"]"#, "true", " x ", "${x}", ""])
    func `text is left as it is, whatever it looks like`(text: String) {
        for type in ["string", "", "capsule"] { #expect(ParameterType(type).canonical(text) == text) }
    }

    @Test(arguments: [
        ("number", "1_000"), ("number", "0x1"), ("number", "1e"), ("number", "."), ("number", "1e309"),
        ("number", "1e9999999"),
        ("number", "٣"), ("bool", "True"), ("bool", "1.0"), ("list(bool)", "[1]"), ("list(number)", "[true]"),
        ("list(string)", "{}"), ("map(string)", "[]"), ("map(list(string))", #"{"a": "b"}"#), ("any", "text"),
        ("object({a=string})", "{}"), ("list(string)", #"["${var.x}"]"#.replacing(#"]"#, with: #",]"#)),
        ("list(string)", String(repeating: "[", count: 100_000)), ("list(string)", "null"),
        ("list(string)", #"["a"] ["b"]"#),
    ])
    func `what is no value of the type has no text`(type: String, text: String) {
        #expect(ParameterType(type).canonical(text) == nil)
    }

    @Test func `what looks like a template in a list is text in JSON, and doubled in Terraform's language`() {
        let list = ParameterType("list(string)")
        #expect(list.canonical(#"["${x}", "%{if}", "$5", "$$"]"#) == #"["${x}","%{if}","$5","$$"]"#)
        #expect(list.canonical(#"["$${x}", "%%{if}", "$5", "$$",]"#) == #"["${x}","%{if}","$5","$$"]"#)
    }

    @Test func `options and rules are about values, not their notation`() {
        let cpu = VersionParameter(
            name: "cpu",
            type: "number",
            options: ["4.0", "8"],
            validation: ParameterValidation(regex: "^[0-9]$")
        )
        #expect(cpu.problem(of: "4") == nil)
        #expect(cpu.problem(of: "8.00") == nil)
        #expect(cpu.problem(of: "5") == "parameter 'cpu': '5' is none of the options ('4.0', '8')")
        let ports = VersionParameter(name: "ports", type: "set(number)", options: ["80", "443.0"])
        #expect(ports.problem(of: "[443, 80.0]") == nil)
        #expect(VersionParameter(name: "on", type: "bool", options: ["true"]).problem(of: "1") == nil)
    }
}
