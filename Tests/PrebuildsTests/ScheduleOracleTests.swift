// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Time

/// Compares schedules with a wall clock that advances minute by minute through the year 2025, and is set forward and
/// back where the zone's clocks are.
@Suite struct ScheduleOracleTests {
    /// 2025-01-01T00:00:00Z and a year later.
    private static let start: Int64 = 1_735_689_600
    private static let end: Int64 = start + 365 * 86_400

    @Test(arguments: [
        TimeZoneFixtures.berlin, TimeZoneFixtures.newYork, TimeZoneFixtures.sydney, TimeZoneFixtures.lordHowe,
        TimeZoneFixtures.kolkata,
    ])
    func `every minute of a year is covered or not as on a wall clock`(zone: TimeZoneFixtures.Zone) throws {
        let rules = try zone.rules
        for oracle in Self.oracles {
            let expression = try CronExpression(oracle.text)
            let expected = oracle.windows(zone, from: Self.start, to: Self.end)
            let yearEnd = Instant(seconds: Self.end)
            let found = expression.nextWindows(after: Instant(seconds: Self.start - 60), count: 2_500, in: rules)
                .filter { $0.start < yearEnd }
                // The oracle does not see the end of a window that reaches into the next year.
                .map { ScheduleWindow(start: $0.start, end: $0.end.flatMap { $0 < yearEnd ? $0 : nil }) }
            #expect(!expected.isEmpty)
            #expect(found == expected, "\(oracle.text)")
            for window in expected {
                #expect(expression.covers(window.start, in: rules))
                #expect(!expression.covers(window.start - .microseconds(1), in: rules))
                guard let end = window.end else { continue }
                #expect(expression.covers(end - .microseconds(1), in: rules))
                #expect(!expression.covers(end, in: rules))
            }
        }
    }

    /// None of these covers the first minute of the year in any of the zones: 00:00, 01:00, 05:30, 11:00, 19:00.
    private static let oracles: [Oracle] = [
        Oracle("* 8-9 * * 1-5", hours: { (8...9).contains($0) }, date: { $2 >= 1 && $2 <= 5 }),
        // Clocks change on Sundays here: the midnight after is not 24 hours away.
        Oracle("* 0-1 * * MON", hours: { $0 <= 1 }, date: { $2 == 1 }),
        Oracle("* 2 * * *", hours: { $0 == 2 }, date: { _, _, _ in true }),
        Oracle(
            "* 3,23 13 * FRI",
            hours: { $0 == 3 || $0 == 23 },
            date: { _, day, weekday in day == 13 || weekday == 5 }
        ),
        Oracle(
            "* * 28-31 MAR-APR *",
            hours: { _ in true },
            date: { month, day, _ in (month == 3 || month == 4) && day >= 28 }
        ),
        Oracle("* */3 */2 4-11 0", hours: { $0 % 3 == 0 }, date: { $0 >= 4 && $0 <= 11 && $1 % 2 == 1 && $2 == 0 }),
        Oracle(
            "* 1-2 1-7 4,10 SUN",
            hours: { $0 == 1 || $0 == 2 },
            date: { ($0 == 4 || $0 == 10) && ($1 <= 7 || $2 == 0) }
        ),
    ]
}

/// A schedule in two notations: as an expression, and as what it means.
private struct Oracle {
    let text: String
    let hours: @Sendable (Int) -> Bool
    /// Month, day, weekday.
    let date: @Sendable (Int, Int, Int) -> Bool

    init(
        _ text: String,
        hours: @escaping @Sendable (Int) -> Bool,
        date: @escaping @Sendable (Int, Int, Int) -> Bool
    ) {
        self.text = text
        self.hours = hours
        self.date = date
    }

    func windows(_ zone: TimeZoneFixtures.Zone, from start: Int64, to end: Int64) -> [ScheduleWindow] {
        var clock = WallClock(ahead: zone.changes.first?.before ?? zone.offsets[0])
        var windows: [ScheduleWindow] = []
        var opened: Int64?
        var today = 0
        var isDate = false
        for moment in stride(from: start, to: end, by: 60) {
            for change in zone.changes where change.moment == moment { clock.turn(by: change.after - change.before) }
            if clock.day != today {
                today = clock.day
                isDate = date(clock.month, clock.day, clock.weekday)
            }
            let covered = isDate && hours(clock.minute / 60)
            if covered, opened == nil { opened = moment }
            if !covered, let begin = opened {
                windows.append(ScheduleWindow(start: Instant(seconds: begin), end: Instant(seconds: moment)))
                opened = nil
            }
            clock.turn(by: 60)
        }
        if let opened { windows.append(ScheduleWindow(start: Instant(seconds: opened), end: nil)) }
        return windows
    }
}

/// A clock with a calendar, as on a wall: it can only advance by a minute, and be set back.
private struct WallClock {
    /// Of the day.
    var minute = 0
    var day = 1
    var month = 1
    /// 1 January 2025 is a Wednesday.
    var weekday = 3

    /// It begins with the year in UTC, `ahead` seconds of it. Zones behind UTC begin in the old year.
    init(ahead: Int) {
        if ahead < 0 {
            (month, day, weekday) = (12, 31, 2)
            minute = 1_440 + ahead / 60
        } else {
            turn(by: ahead)
        }
    }

    mutating func turn(by seconds: Int) {
        minute += seconds / 60
        // No change of the clocks in these zones crosses midnight backwards.
        guard minute >= 1_440 else { return }
        minute -= 1_440
        weekday = weekday == 6 ? 0 : weekday + 1
        day += 1
        if day > [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] {
            day = 1
            month = month == 12 ? 1 : month + 1
        }
    }
}
