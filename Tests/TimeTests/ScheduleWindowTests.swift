// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Time

@Suite struct ScheduleWindowTests {
    private let monday: Instant

    init() throws {
        monday = try #require(Instant(iso8601: "2025-06-02T00:00:00Z"))
    }

    private func windows(
        _ text: String,
        after moment: String,
        count: Int = 2,
        in zone: TimeZoneRules = .utc
    ) throws -> [String] {
        let instant = try #require(Instant(iso8601: moment))
        return try CronExpression(text).nextWindows(after: instant, count: count, in: zone)
            .map { "\($0.start) \($0.end.map(\.description) ?? "-")" }
    }

    @Test func `follow in order`() throws {
        #expect(
            try windows("* 9-18 * * 1-5", after: "2025-06-06T08:00:00Z") == [
                "2025-06-06T09:00:00Z 2025-06-06T19:00:00Z", "2025-06-09T09:00:00Z 2025-06-09T19:00:00Z",
            ]
        )
    }

    @Test func `the one that is open, and one that begins now, are not next`() throws {
        let expected = ["2025-06-03T09:00:00Z 2025-06-03T19:00:00Z"]
        for moment in ["2025-06-02T09:00:00Z", "2025-06-02T12:00:00Z", "2025-06-02T18:59:59.999999Z"] {
            #expect(try windows("* 9-18 * * 1-5", after: moment, count: 1) == expected)
        }
        #expect(
            try windows("* 9-18 * * 1-5", after: "2025-06-02T08:59:59.999999Z", count: 1)
                == ["2025-06-02T09:00:00Z 2025-06-02T19:00:00Z"]
        )
    }

    @Test func `meet midnight without a gap`() throws {
        #expect(
            try windows("* * * * 6,7", after: "2025-06-02T00:00:00Z", count: 1)
                == ["2025-06-07T00:00:00Z 2025-06-09T00:00:00Z"]
        )
        #expect(
            try windows("* 22,23,0-4 * * *", after: "2025-06-02T12:00:00Z", count: 1)
                == ["2025-06-02T22:00:00Z 2025-06-03T05:00:00Z"]
        )
    }

    @Test func `are found years ahead`() throws {
        // The next 29 February on a Monday; and one across 2100, which is no leap year.
        #expect(
            try windows("* 9 29 2 */1", after: "2025-06-02T00:00:00Z", count: 1)
                == ["2028-02-29T09:00:00Z 2028-02-29T10:00:00Z"]
        )
        #expect(
            try windows("* * 29 2 *", after: "2096-03-01T00:00:00Z", count: 1)
                == ["2104-02-29T00:00:00Z 2104-03-01T00:00:00Z"]
        )
    }

    @Test func `of an expression that always covers there are none, and it has no end`() throws {
        for text in ["* * * * *", "* 0-23 1-31 1-12 *", "* * 1-31 * 1", "* * 1 * 0-6"] {
            let expression = try CronExpression(text)
            #expect(expression.nextWindows(after: monday, count: 3, in: .utc) == [])
            #expect(expression.covers(monday, in: .utc))
            #expect(expression.endOfWindow(covering: monday, in: .utc) == nil)
        }
    }

    @Test func `the open one ends`() throws {
        let expression = try CronExpression("* 0-4 * * *")
        #expect(expression.endOfWindow(covering: monday, in: .utc) == monday + .seconds(5 * 3_600))
        #expect(expression.endOfWindow(covering: monday - .microseconds(1), in: .utc) == nil)
        #expect(expression.nextWindows(after: monday, count: 0, in: .utc) == [])
    }

    @Test func `a skipped hour is left out and a repeated one counts twice`() throws {
        let berlin = try TimeZoneFixtures.berlin.rules
        // 30 March 2025: 02:00 becomes 03:00. 26 October 2025: 03:00 becomes 02:00.
        #expect(
            try windows("* 2 * * *", after: "2025-03-29T12:00:00Z", count: 1, in: berlin)
                == ["2025-03-31T00:00:00Z 2025-03-31T01:00:00Z"]
        )
        #expect(
            try windows("* 2 * * *", after: "2025-10-25T12:00:00Z", count: 1, in: berlin)
                == ["2025-10-26T00:00:00Z 2025-10-26T02:00:00Z"]
        )
        #expect(
            try windows("* 1-3 * * *", after: "2025-03-29T12:00:00Z", count: 1, in: berlin)
                == ["2025-03-30T00:00:00Z 2025-03-30T02:00:00Z"]
        )
        // Lord Howe goes back by half an hour: the second half of 01:00 comes twice, apart by nothing.
        let lordHowe = try TimeZoneFixtures.lordHowe.rules
        #expect(
            try windows("* 1 * * *", after: "2025-04-05T12:00:00Z", count: 1, in: lordHowe)
                == ["2025-04-05T14:00:00Z 2025-04-05T15:30:00Z"]
        )
        // And forward: 02:00 becomes 02:30.
        #expect(
            try windows("* 2 * * *", after: "2025-10-04T12:00:00Z", count: 1, in: lordHowe)
                == ["2025-10-04T15:30:00Z 2025-10-04T16:00:00Z"]
        )
    }
}
