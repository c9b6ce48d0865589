// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct DurationNotationTests {
    @Test(arguments: [
        ("15s", Duration.seconds(15)), ("1m", .seconds(60)), ("1h30m", .seconds(5400)), ("24h", .seconds(86400)),
        ("7d", .seconds(604_800)), ("250ms", .milliseconds(250)), ("0", .zero), ("1m500ms", .milliseconds(60_500)),
    ])
    func `durations are read`(text: String, duration: Duration) {
        #expect(DurationNotation.read(text) == duration)
    }

    @Test(arguments: [
        "", "15", "s", "1m1h", "1s1s", "-1s", "1.5s", "1 s", "99999999999999999999s", "9999999999999999d",
    ])
    func `what is no duration is refused`(text: String) {
        #expect(DurationNotation.read(text) == nil)
    }

    @Test(arguments: ["15s", "1m", "1h30m", "24h", "250ms", "1m1s1ms", "0s"])
    func `durations are written as they are read`(text: String) {
        #expect(DurationNotation.read(text == "0s" ? "0" : text).map(DurationNotation.write) == text)
    }

    @Test(arguments: [
        ("1h30m", 5_400), ("0", 0), ("24855d3h14m7s", Int(Int32.max)), ("24855d3h14m8s", nil), ("250ms", nil),
        ("", nil),
        ("1", nil),
    ])
    func `whole seconds are as many as the database holds`(text: String, seconds: Int?) {
        #expect(DurationNotation.seconds(text) == seconds)
    }
}

@Suite struct EncodingTests {
    @Test func `bytes have two digits each`() {
        #expect([0, 9, 16, 255].map { UInt8($0) }.hexadecimal == "000910ff")
    }

    @Test(arguments: [[], [0], [0xfb, 0xff], [0xfb, 0xef, 0xbe], [1, 2, 3, 4]])
    func `base 64 for URLs reads as it was written`(bytes: [UInt8]) {
        let text = Base64URL.encode(bytes)
        #expect(Base64URL.decode(text) == bytes)
        #expect(text.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
    }

    @Test func `base 64 for URLs is RFC 4648's`() {
        #expect(Base64URL.encode([0xfb, 0xff]) == "-_8")
        #expect(Base64URL.decode("a") == nil)
    }

    @Test func `a part of a URI reads as it was written`() {
        let text = "a-._~ /é+%"
        #expect(PercentEncoding.encode(text) == "a-._~%20%2F%C3%A9%2B%25")
        #expect(PercentEncoding.encode(text, keeping: "/") == "a%2D%2E%5F%7E%20/%C3%A9%2B%25")
        #expect(PercentEncoding.decode(PercentEncoding.encode(text)) == text)
        #expect(PercentEncoding.decode("a+b") == "a b")
        #expect(PercentEncoding.normalized("/%77%2f%C3%A9%7e?a=%41%4") == "/w%2f%C3%A9~?a=A%4")
        for broken in ["%", "%4", "%4g", "%ff"] { #expect(PercentEncoding.decode(broken) == nil) }
    }
}

@Suite struct SuggestionTests {
    @Test(arguments: [
        ("concurency", "concurrency"), ("Heartbeat_Interval", "heartbeat-interval"), ("sacle", "scale"),
        ("qqqqqq", nil),
        (String(repeating: "a", count: 65), nil),
    ])
    func `what was probably meant is named`(name: String, meant: String?) {
        let names = ["scale", "concurrency", "heartbeat-interval"]
        #expect(Suggestion.nearest(to: name, among: names) == meant)
    }

    @Test func `of many only some are listed`() {
        #expect(Suggestion.remedy(for: "zzzzzzzz", among: (0..<22).map { "\($0)" }).hasSuffix("19 and 2 more"))
        #expect(Suggestion.remedy(for: "x", among: []) == "")
    }
}
