// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct JSONScanTests {
    private func scan(_ text: String, depth: Int = 4) -> JSONScan {
        JSONScan(Array(text.utf8), depth: depth)
    }

    @Test(arguments: [
        "{}", "[]", "0", "-0.5e+3", "1E9", "true", " null ", #""\u00e9\n\"""#, #"{"a":[1,{"b":[]}],"c":"]"}"#,
        "[[[[]]]]",
        #"{"":""}"#,
    ])
    func `what is JSON is whole`(text: String) {
        #expect(scan(text).isWhole)
    }

    @Test(arguments: [
        ("", 0), ("{", 1), ("[1,]", 3), ("[1 2]", 3), ("{\"a\" 1}", 5), ("{a:1}", 1), ("01", 1), ("-", 0), ("1.", 0),
        ("1e", 0),
        ("tru", 0), ("\"a", 0), ("\"\n\"", 1), (#""\x""#, 2), (#""\u12g4""#, 5), ("{} {}", 3), ("]", 0),
        ("{\"a\":1,}", 7),
        ("[1}", 2), ("{\"a\":1]", 6), ("nulL", 0), ("\"\\", 2),
    ])
    func `what is none says where`(text: String, place: Int) {
        #expect(scan(text).fault?.offset == place)
        #expect(scan(text).fault?.reason != .depth)
    }

    @Test func `depth has a bound, and takes no stack`() {
        #expect(scan("[[[[[]]]]]").fault == JSONFault(.depth, at: 4))
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
        #expect(JSONScan(deep).fault == JSONFault(.depth, at: 200))
        #expect(JSONScan(deep, depth: .max).fault == JSONFault(.value, at: 1_000_000))
    }

    @Test func `members are found where they are, those before a fault too`() {
        let text = #" {"a": [1,{"b":2}], "c\n":"x" , "a":{}, "d":nil}"#
        let scan = scan(text)
        let members = scan.members.map { ($0.name, $0.value.bytes) }
            .map { (String(decoding: $0, as: UTF8.self), String(decoding: $1, as: UTF8.self)) }
        #expect(members.map(\.0) == ["a", #"c\n"#, "a"])
        #expect(members.map(\.1) == [#"[1,{"b":2}]"#, #""x""#, "{}"])
        #expect(scan.fault == JSONFault(.value, at: 44))
        #expect(scan["a"].map { String(decoding: $0.bytes, as: UTF8.self) } == "{}")
    }

    @Test(arguments: [
        (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\ud83d\ude00""#, "é😀"),
        (#""\ud83dx""#, "\u{FFFD}x"),
        (#""\ude00""#, "\u{FFFD}"), (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""é""#, "é"),
    ])
    func `a text is read with its escapes`(value: String, text: String) {
        #expect(RawJSON(Array(value.utf8)).string == text)
    }

    @Test(arguments: [
        ("3", 3), ("-3", -3), ("3.0", 3), ("1e2", 100), ("3.5", nil), ("1e400", nil), ("99999999999999999999", nil),
        ("\"3\"", nil),
        ("true", nil),
    ])
    func `a whole number is one however it is written`(value: String, number: Int?) {
        #expect(RawJSON(Array(value.utf8)).integer == number)
    }

    @Test(arguments: [
        (#"{"state":1}"#, "1"), (#" { "a" : {"state":2} , "state" : [1, {"x":"]"}] } "#, #"[1, {"x":"]"}]"#),
        (#"{"state":"a\"}\\","b":1}"#, #""a\"}\\""#), (#"{"state":null}"#, "null"),
        (#"{"state":1,"state":-2.50e3}"#, "-2.50e3"),
    ])
    func `a member's value is cut out as it was written`(object: String, value: String) {
        #expect(
            RawJSON(Array(object.utf8))["state"].map { String(decoding: $0.bytes, as: UTF8.self) } == value
        )
    }

    @Test func `a member that is not there is nil`() {
        for object in ["{}", "[]", "", #"{"a":{"state":1}}"#, #"{"stat":1}"#] {
            #expect(RawJSON(Array(object.utf8))["state"] == nil)
        }
    }
}

@Suite struct RawJSONTests {
    @Test func `an array is taken apart and joined byte for byte`() {
        let array = RawJSON(Array(#" [ 1.50 ,{"a": [2]}, "]" ] "#.utf8))
        #expect(array.elements.map { String(decoding: $0.bytes, as: UTF8.self) } == ["1.50", #"{"a": [2]}"#, #""]""#])
        #expect(String(decoding: RawJSON(array.elements).bytes, as: UTF8.self) == #"[1.50,{"a": [2]},"]"]"#)
        #expect(RawJSON(Array("{}".utf8)).elements == [])
    }
}
