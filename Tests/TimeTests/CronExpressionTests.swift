// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Time

@Suite struct CronExpressionTests {
    // MARK: - What it covers

    @Test(arguments: [
        // Monday 2 June 2025, UTC.
        ("* 9-18 * * 1-5", "2025-06-02T09:00:00Z", true), ("* 9-18 * * 1-5", "2025-06-02T18:59:59.999999Z", true),
        ("* 9-18 * * 1-5", "2025-06-02T08:59:59.999999Z", false), ("* 9-18 * * 1-5", "2025-06-02T19:00:00Z", false),
        ("* 9-18 * * 1-5", "2025-06-01T12:00:00Z", false), ("* 9-18 * * MON-FRI", "2025-06-06T12:00:00Z", true),
        ("* * * * *", "2025-06-02T00:00:00Z", true), ("* 0 * * *", "1969-12-31T00:30:00Z", true),
        ("* */6 * * *", "2025-06-02T18:30:00Z", true), ("* */6 * * *", "2025-06-02T19:30:00Z", false),
        ("* 1-10/4 * * *", "2025-06-02T09:00:00Z", true), ("* 1-10/4 * * *", "2025-06-02T10:00:00Z", false),
        ("* 20/2 * * *", "2025-06-02T22:00:00Z", true), ("* 20/2 * * *", "2025-06-02T18:00:00Z", false),
        ("* 1,3,5-6 * * *", "2025-06-02T03:59:00Z", true), ("* 1,3,5-6 * * *", "2025-06-02T04:00:00Z", false),
        ("* * * JAN,jun *", "2025-06-02T03:00:00Z", true), ("* * * Feb-may *", "2025-06-02T03:00:00Z", false),
        // Sunday is 0, 7 and SUN, and the end of a range.
        ("* * * * 0", "2025-06-01T03:00:00Z", true), ("* * * * 7", "2025-06-01T03:00:00Z", true),
        ("* * * * SUN", "2025-06-01T03:00:00Z", true), ("* * * * 5-7", "2025-06-01T03:00:00Z", true),
        ("* * * * FRI-SUN", "2025-06-01T03:00:00Z", true), ("* * * * FRI-SUN", "2025-06-02T03:00:00Z", false),
        ("* * * * SUN-MON", "2025-06-02T03:00:00Z", true), ("* * * * 0-6", "2025-06-01T03:00:00Z", true),
        ("* * * * */2", "2025-06-01T03:00:00Z", true), ("* * * * 1/2", "2025-06-01T03:00:00Z", false),
        ("* * * * 7/2", "2025-06-01T03:00:00Z", true), ("* * * * 7/2", "2025-06-02T03:00:00Z", false),
        ("* * * * 1-7/3", "2025-06-01T03:00:00Z", true),
        // Both days restricted: either suffices. 2 June is a Monday.
        ("* * 2 * 3", "2025-06-02T03:00:00Z", true), ("* * 3 * 1", "2025-06-02T03:00:00Z", true),
        ("* * 3 * 3", "2025-06-02T03:00:00Z", false),
        // One begins with *: both must match.
        ("* * */2 * 1", "2025-06-02T03:00:00Z", false), ("* * */2 * 2", "2025-06-03T03:00:00Z", true),
        ("* * 2 * */2", "2025-06-02T03:00:00Z", false), ("* * 3 * */2", "2025-06-03T03:00:00Z", true),
        ("* * * * 1", "2025-06-03T03:00:00Z", false), ("* * 2 * *", "2025-06-03T03:00:00Z", false),
        ("\t*  9 * * *  ", "2025-06-02T09:00:00Z", true),
    ])
    func `covers a moment`(expression: String, moment: String, covered: Bool) throws {
        let instant = try #require(Instant(iso8601: moment))
        #expect(try CronExpression(expression).covers(instant, in: .utc) == covered)
    }

    @Test func `the clocks are those of the zone`() throws {
        let expression = try CronExpression("* 9-17 * * 1-5")
        let kolkata = try TimeZoneFixtures.kolkata.rules
        let instants = ["03:29:59", "03:30:00", "12:29:59", "12:30:00"].map { Instant(iso8601: "2025-06-02T\($0)Z") }
        #expect(try instants.map { expression.covers(try #require($0), in: kolkata) } == [false, true, true, false])
    }

    // MARK: - What is refused

    @Test(
        arguments: [
            ("", nil, 1, "5 fields are expected (minute, hour, day of month, month, day of week), and there are 0"),
            ("*", nil, 2, "5 fields are expected (minute, hour, day of month, month, day of week), and there is 1"),
            (
                "* * * *", nil, 8,
                "5 fields are expected (minute, hour, day of month, month, day of week), and there are 4"
            ),
            (
                "* 9 * * * 2025", nil, 11,
                "5 fields are expected (minute, hour, day of month, month, day of week), and there are 6"
            ),
            (
                "@daily", nil, 7,
                "5 fields are expected (minute, hour, day of month, month, day of week), and there is 1"
            ),
            ("0 9 * * *", "minute", 1, "'0' must be '*': a schedule covers whole hours"),
            ("*/1 9 * * *", "minute", 1, "'*/1' must be '*': a schedule covers whole hours"),
            ("* 24 * * *", "hour", 3, "'24' is not within 0 to 23"),
            ("* 9-24 * * *", "hour", 5, "'24' is not within 0 to 23"),
            ("* 999999999999999999999 * * *", "hour", 3, "'999999999999999999999' is not a number"),
            ("* 18-9 * * *", "hour", 3, "the range '18-9' ends before it begins; write it as two"),
            ("* 9-12-15 * * *", "hour", 3, "'9-12-15' is not a range such as 9-17"),
            ("* 9- * * *", "hour", 5, "a number is missing"),
            ("* -9 * * *", "hour", 3, "a number is missing"),
            ("* 9,,12 * * *", "hour", 5, "a value is missing beside a comma"),
            ("* 9, * * *", "hour", 5, "a value is missing beside a comma"),
            ("* */0 * * *", "hour", 5, "a step is a number above 0, as in '*/2'"),
            ("* */ * * *", "hour", 5, "a step is a number above 0, as in '*/2'"),
            ("* */2/2 * * *", "hour", 5, "a step is a number above 0, as in '*/2'"),
            ("* nine * * *", "hour", 3, "'nine' is not a number"),
            ("* +9 * * *", "hour", 3, "'+9' is not a number"),
            ("* ٩ * * *", "hour", 3, "'٩' is not a number"),
            ("*  9 0 * *", "day of month", 6, "'0' is not within 1 to 31"),
            ("* 9 32 * *", "day of month", 5, "'32' is not within 1 to 31"),
            ("* 9 ? * *", "day of month", 5, "'?' is not a number"),
            ("* 9 * 13 *", "month", 7, "'13' is not within 1 to 12"),
            ("* 9 * juno *", "month", 7, "'juno' is not a number or a name such as JAN"),
            ("* 9 * mon *", "month", 7, "'mon' is not a number or a name such as JAN"),
            ("* 9 * * 8", "day of week", 9, "'8' is not within 0 to 7"),
            ("* 9 * * 5-0", "day of week", 9, "the range '5-0' ends before it begins; write it as two"),
            ("* 9 * * SAT-MON", "day of week", 9, "the range 'SAT-MON' ends before it begins; write it as two"),
            ("* 9 * * 1-jan", "day of week", 11, "'jan' is not a number or a name such as MON"),
        ] as [(String, String?, Int, String)]
    )
    func `says what is wrong and where`(text: String, field: String?, position: Int, message: String) {
        #expect(throws: CronError(field: field, position: position, message: message)) {
            try CronExpression(text)
        }
    }

    @Test func `an error reads as a sentence`() {
        let error = #expect(throws: CronError.self) { try CronExpression("* 25 * * *") }
        #expect(error?.description == "hour, character 3: '25' is not within 0 to 23")
    }

    // MARK: - Overlap

    @Test(
        arguments: [
            ("* 9-12 * * *", "* 12-15 * * *", "Sunday 1 January, 12:00 to 12:59"),
            ("* 9-11 * * *", "* 12-15 * * *", nil),
            ("* 9 * * 1-3", "* 9 * * 4-5", nil),
            ("* 9 * * 1-3", "* 9 * * 3-5", "Wednesday 1 January, 09:00 to 09:59"),
            ("* 9 * 1-6 *", "* 9 * 7-12 *", nil),
            ("* 9 1-15 * *", "* 9 16-31 * *", nil),
            // 31 is in no month that both name.
            ("* 9 31 4,6 *", "* 9 31 * *", nil),
            ("* 9 29 2 *", "* 9 29 * *", "Sunday 29 February, 09:00 to 09:59"),
            ("* 9 30 2 *", "* 9 30 2 *", nil),
            // Either day suffices: the 13th or any Friday.
            ("* 9 13 * 5", "* 9 * * 5", "Friday 13 January, 09:00 to 09:59"),
            ("* 9 13 * 5", "* 9 13 * *", "Sunday 13 January, 09:00 to 09:59"),
            ("* 9 13 * 5", "* 9 14 * 6", "Saturday 13 January, 09:00 to 09:59"),
            ("* 9 */2 * 5", "* 9 2-30/2 * *", nil),
            ("* 23 * 12 SUN", "* * * * *", "Sunday 1 December, 23:00 to 23:59"),
        ] as [(String, String, String?)]
    )
    func `two expressions overlap or not, whichever comes first`(left: String, right: String, overlap: String?) throws {
        let (left, right) = (try CronExpression(left), try CronExpression(right))
        #expect(left.overlap(with: right) == overlap)
        #expect((right.overlap(with: left) == nil) == (overlap == nil))
    }

    @Test(arguments: [
        ("* * 31 2 *", true), ("* * 30 2 *", true), ("* * 31 4,6,9,11 *", true), ("* * 29 2 *", false),
        ("* * 31 2 1", false), ("* * 31 2 */1", true), ("* * 31 2,3 *", false),
    ])
    func `an expression may name no date that exists`(text: String, nothing: Bool) throws {
        let expression = try CronExpression(text)
        #expect(expression.coversNothing == nothing)
        #expect(expression.nextWindows(after: Instant(seconds: 0), count: 1, in: .utc).isEmpty == nothing)
    }

    @Test func `overlap agrees with coverage over the years`() throws {
        var generator = SeededGenerator(seed: 11)
        func any(_ choices: [String]) -> String { choices.randomElement(using: &generator) ?? "*" }
        let start = try #require(Instant(iso8601: "2024-01-01T00:30:00Z"))
        for _ in 0..<60 {
            let (left, right) = try (expression(), expression())
            func expression() throws -> CronExpression {
                let days = any(["*", "1", "*/7", "13", "30-31", "29"])
                let months = any(["*", "2", "1-6", "4,6", "7-12"])
                return try CronExpression(
                    "* \(any(["9", "10", "*/5"])) \(days) \(months) \(any(["*", "1-3", "FRI", "*/3", "0"]))"
                )
            }
            // 28 years hold every date on every weekday.
            let meet = (0..<28 * 366).contains { day in
                [5, 9, 10, 0].contains { hour in
                    let instant = start + .seconds(day * 86_400 + hour * 3_600)
                    return left.covers(instant, in: .utc) && right.covers(instant, in: .utc)
                }
            }
            #expect((left.overlap(with: right) != nil) == meet, "\(left.text) and \(right.text)")
        }
    }
}
