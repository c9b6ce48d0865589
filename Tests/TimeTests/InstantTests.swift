// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing
import Time

@Suite struct InstantTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("2025-06-02T03:00:00Z", 1_748_833_200_000_000),
        ("2025-06-02T03:00:00.5Z", 1_748_833_200_500_000),
        ("2025-06-02T03:00:00.1234567Z", 1_748_833_200_123_456),
        ("2025-06-02t05:30:00+02:30", 1_748_833_200_000_000),
        ("2025-06-01 20:00:00-07:00", 1_748_833_200_000_000),
        ("2024-02-29T23:59:59Z", 1_709_251_199_000_000),
        ("1969-12-31T23:59:59.999999Z", -1),
        ("1900-03-01T00:00:00Z", -2_203_891_200_000_000),
        ("0000-03-01T00:00:00Z", -62_162_035_200_000_000),
    ])
    func `reads a time`(text: String, microseconds: Int64) {
        #expect(Instant(iso8601: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2025-06-02", "2025-06-02T03:00:00", "2025-06-02T03:00Z", "2025-06-31T03:00:00Z", "2025-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-00-01T00:00:00Z", "2025-01-00T00:00:00Z",
        "2025-06-02T24:00:00Z", "2025-06-02T03:60:00Z", "2025-06-02T03:00:60Z", "2025-06-02T03:00:00.Z",
        "2025-06-02T03:00:00+2:00", "2025-06-02T03:00:00+24:00", "2025-06-02T03:00:00+02:60",
        "2025-06-02T03:00:00Z ", "٢٠٢٥-06-02T03:00:00Z", "-025-06-02T03:00:00Z",
    ])
    func `refuses anything else`(text: String) {
        #expect(Instant(iso8601: text) == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (1_748_833_200_000_000, "2025-06-02T03:00:00Z"), (1_748_833_200_000_070, "2025-06-02T03:00:00.000070Z"),
            (-62_198_755_200_000_000, "-0001-01-01T00:00:00Z"),
            (Int64.max, "294247-01-10T04:00:54.775807Z"),
        ] as [(Int64, String)]
    )
    func `writes a time`(microseconds: Int64, text: String) {
        #expect(Instant(microseconds: microseconds).iso8601 == text)
    }

    @Test func `every day of eight centuries reads back`() {
        for day in -146_097...146_097 {
            let instant = Instant(seconds: Int64(day) * 86_400 + 86_399)
            #expect(Instant(iso8601: instant.iso8601) == instant)
        }
    }

    @Test func `agrees with the calendar of the platform`() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<2_000 {
            let seconds = Int64.random(in: -2_000_000_000...8_000_000_000, using: &generator)
            let text = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
            #expect(Instant(seconds: seconds).iso8601 == text)
        }
    }

    @Test func `is a string in JSON`() throws {
        let instant = Instant(microseconds: 1_748_833_200_500_000)
        let data = try JSONEncoder().encode([instant])
        #expect(String(decoding: data, as: UTF8.self) == #"["2025-06-02T03:00:00.500000Z"]"#)
        #expect(try JSONDecoder().decode([Instant].self, from: data) == [instant])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Instant].self, from: Data(#"["now"]"#.utf8)) }
    }

    @Test func `differences and sums are exact`() {
        let instant = Instant(microseconds: -1_500_000)
        #expect(instant.seconds == -2)
        #expect(instant + .milliseconds(500) == Instant(seconds: -1))
        #expect(instant - .milliseconds(500) == Instant(seconds: -2))
        #expect(Instant(seconds: 1) - instant == .milliseconds(2_500))
    }
}
