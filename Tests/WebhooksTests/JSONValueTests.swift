// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing
import Webhooks

@Suite struct JSONValueTests {
    private func text(_ value: JSONValue) -> String { String(decoding: value.encoded, as: UTF8.self) }

    @Test func `members are ordered by bytes and nothing is escaped that need not be`() {
        let value: JSONValue = ["b": [1, nil, true], "a": "é/\"\\\n\r\t\u{1}\u{7f}😀", "B": .number(0.5), "ab": [:]]
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
        let value = try JSONValue(parsing: json)
        #expect(try JSONValue(parsing: text(value)) == value)
        #expect(text(value) == json)
    }

    @Test(arguments: ["", "{", "nul", "{\"a\":}", "1 2"])
    func `text that is not JSON is an error`(json: String) {
        #expect(throws: DecodingError.self) { try JSONValue(parsing: json) }
    }
}
