// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct JSONTests {
    private func text(_ value: JSON) -> String { String(decoding: value.encoded, as: UTF8.self) }

    @Test func `members are ordered by bytes and nothing is escaped that need not be`() {
        let value: JSON = ["b": [1, nil, true], "a": "é/\"\\\n\r\t\u{1}\u{7f}😀", "B": .number(0.5), "ab": [:]]
        #expect(
            text(value)
                == #"{"B":0.5,"a":"é/\"\\\n\r\t\u0001"# + "\u{7f}" + #"😀","ab":{},"b":[1,null,true]}"#
        )
    }

    @Test(arguments: [
        "null", "true", "0", "-1", "9223372036854775807", "1.5", "1e+300", "\"\"", "[]", "{}",
        "[[1,[2]],{\"a\":{\"b\":[]}}]",
    ])
    func `what was written reads as the same value`(json: String) throws {
        let value = try JSON(parsing: json)
        #expect(try JSON(parsing: text(value)) == value)
        #expect(text(value) == json)
    }

    @Test(arguments: ["", "{", "nul", "{\"a\":}", "1 2"])
    func `text that is not JSON is an error`(json: String) {
        #expect(throws: JSONFault.self) { try JSON(parsing: json) }
    }

    @Test func `members of one name are kept, and the first is the object's`() throws {
        let value = try JSON(parsing: #"{"a":1,"b":2,"a":3.0}"#)
        #expect(value["a"] == 1)
        #expect(value.members == ["a": 1, "b": 2])
        #expect(value == .object([.init("a", 1), .init("b", 2), .init("a", .number("3.0"))]))
    }

    @Test(arguments: [
        ("1", true), ("-1.5e3", true), ("01", false), (" 1", false), ("1.", false), ("+1", false), ("", false),
    ])
    func `a number is one as JSON writes it`(text: String, isNumber: Bool) {
        #expect(JSON.isNumber(text) == isNumber)
    }

    @Test(arguments: [
        ("{\"a\": }", JSONFault(.value, at: 6)), ("{\"a\": 01}", JSONFault(.value, at: 6)),
        ("[1] 2", JSONFault(.end, at: 4)),
        ("{\"a\": \"\\x\"}", JSONFault(.escape, at: 8)), ("[\"\\ud800\"]", JSONFault(.surrogate, at: 8)),
        ("[[[]]]", JSONFault(.depth, at: 2)),
    ])
    func `what is no JSON says why and where`(text: String, fault: JSONFault) {
        #expect(throws: fault) { try JSON(parsing: text, depth: 2) }
    }

    @Test func `a value knows its line`() throws {
        let node = try JSONNode(parsing: Array("{\n \"a\": [\n1,\n{}]}".utf8))
        let list = try #require(node.members?.first?.value)
        guard case .array(let elements) = list.content else {
            Issue.record("no array")
            return
        }
        #expect([node.line, list.line] + elements.map(\.line) == [1, 2, 3, 4])
    }
}
