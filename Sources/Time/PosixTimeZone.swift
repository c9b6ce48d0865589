// SPDX-License-Identifier: Apache-2.0

/// A rule of the form of the environment variable TZ (POSIX, with the extensions of RFC 9636):
/// `CET-1CEST,M3.5.0,M10.5.0/3`.
struct PosixTimeZone: Hashable, Sendable {
    /// A moment that recurs every year, on the clocks before the change.
    struct YearlyChange: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// 1 to 365; the leap day is never counted.
            case withoutLeapDay(Int)
            /// 0 to 365; the leap day is counted.
            case withLeapDay(Int)
            /// The n-th such weekday of a month; 5 is the last. 0 is Sunday.
            case weekday(month: Int, week: Int, weekday: Int)
        }

        let day: Day
        /// After midnight; may be negative or more than a day.
        let seconds: Int

        /// Seconds since 1970-01-01T00:00 of the same clocks.
        func localSeconds(in year: Int64) -> Int64 {
            let firstDay = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
            let changeDay: Int64
            switch day {
            case .withoutLeapDay(let number):
                changeDay = firstDay + Int64(number - 1) + (number >= 60 && CivilDate.isLeap(year) ? 1 : 0)
            case .withLeapDay(let number):
                changeDay = firstDay + Int64(number)
            case .weekday(let month, let week, let weekday):
                let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
                let firstMatch = (weekday - CivilDate.weekday(daysSinceEpoch: first) + 7) % 7
                let length = CivilDate.daysInMonth(month, leapYear: CivilDate.isLeap(year))
                let inMonth = firstMatch + (week - 1) * 7
                changeDay = first + Int64(inMonth < length ? inMonth : inMonth - 7)
            }
            return changeDay * 86_400 + Int64(seconds)
        }
    }

    struct Daylight: Hashable, Sendable {
        let offset: Int
        let start: YearlyChange
        let end: YearlyChange
    }

    /// Seconds east of UTC.
    let standardOffset: Int
    let daylight: Daylight?

    func period(at seconds: Int64) -> TimeZoneRules.Period {
        guard let daylight else { return TimeZoneRules.Period(offset: standardOffset, end: nil) }
        let local = seconds + Int64(standardOffset)
        let day = (local - Instant.floorModulo(local, 86_400)) / 86_400
        let year = CivilDate(daysSinceEpoch: day).year
        var latest: (moment: Int64, offset: Int)?
        var next: Int64?
        for year in year - 1...year + 1 {
            // The end is checked first: where one year's end meets the next year's start, daylight saving continues.
            let changes = [
                (daylight.end.localSeconds(in: year) - Int64(daylight.offset), standardOffset),
                (daylight.start.localSeconds(in: year) - Int64(standardOffset), daylight.offset),
            ]
            for (moment, offset) in changes {
                if moment > seconds {
                    next = min(next ?? moment, moment)
                } else if moment >= latest?.moment ?? .min {
                    latest = (moment, offset)
                }
            }
        }
        return TimeZoneRules.Period(offset: latest?.offset ?? standardOffset, end: next)
    }
}
