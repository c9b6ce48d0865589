// SPDX-License-Identifier: Apache-2.0

/// A five-field cron expression, read as a window: it covers every moment whose minute, on the clocks of a time zone,
/// matches all fields. `* 9-18 * * 1-5` covers 09:00:00 to 18:59:59 from Monday to Friday.
///
/// The minute must be `*`, so a window begins and ends with an hour. An hour that daylight saving skips never
/// matches, one that it repeats matches twice. Where both the day of the month and the day of the week are restricted
/// (neither begins with `*`), either suffices.
package struct CronExpression: Hashable, Sendable {
    /// As it was written.
    package let text: String
    /// Bit n stands for the value n.
    let hours: UInt32
    let days: UInt32
    let months: UInt32
    /// Sunday is bit 0.
    let weekdays: UInt32
    let eitherDaySuffices: Bool

    /// Reads `text`, or says which field is wrong, where, and what was expected.
    package init(_ text: String) throws(CronError) {
        let fields = try CronFields(text)
        try fields.checkMinute()
        self.text = text
        hours = try fields.values(of: .hour)
        days = try fields.values(of: .dayOfMonth)
        months = try fields.values(of: .month)
        weekdays = try fields.values(of: .dayOfWeek)
        eitherDaySuffices = fields.isRestricted(.dayOfMonth) && fields.isRestricted(.dayOfWeek)
    }

    /// Whether the expression covers `instant` on the clocks of `zone`.
    package func covers(_ instant: Instant, in zone: TimeZoneRules) -> Bool {
        covers(LocalHour(at: instant, in: zone))
    }

    /// Whether the expression covers the hour.
    package func covers(_ local: LocalHour) -> Bool {
        hours >> UInt32(local.hour) & 1 == 1 && matchesDate(of: local)
    }

    func matchesDate(of local: LocalHour) -> Bool {
        guard months >> UInt32(local.month) & 1 == 1 else { return false }
        let dayMatches = days >> UInt32(local.day) & 1 == 1
        let weekdayMatches = weekdays >> UInt32(local.weekday) & 1 == 1
        return eitherDaySuffices ? dayMatches || weekdayMatches : dayMatches && weekdayMatches
    }
}

/// An hour on a wall clock.
package struct LocalHour: Hashable, Sendable {
    let month: Int
    let day: Int
    /// 0 is Sunday.
    let weekday: Int
    let hour: Int

    /// The hour that clocks of the zone show at `instant`.
    package init(at instant: Instant, in zone: TimeZoneRules) {
        self.init(instant.seconds, offset: zone.offset(at: instant))
    }

    /// - Parameter seconds: Since the Unix epoch.
    init(_ seconds: Int64, offset: Int) {
        let local = seconds + Int64(offset)
        let secondOfDay = Instant.floorModulo(local, 86_400)
        let days = (local - secondOfDay) / 86_400
        let date = CivilDate(daysSinceEpoch: days)
        month = date.month
        day = date.day
        weekday = CivilDate.weekday(daysSinceEpoch: days)
        hour = Int(secondOfDay / 3_600)
    }
}
