// SPDX-License-Identifier: Apache-2.0

/// A stretch of time that a schedule covers without a gap: `start` belongs to it, `end` does not.
package struct ScheduleWindow: Hashable, Sendable, Codable {
    package let start: Instant
    /// `nil`: it does not end within the searched time.
    package let end: Instant?

    package init(start: Instant, end: Instant?) {
        self.start = start
        self.end = end
    }
}

extension CronExpression {
    /// How far windows are searched: longer than the longest time between two 29 Februaries on the same weekday.
    private static let horizon: Duration = .seconds(45 * 366 * 86_400)

    /// The next `count` windows that begin after `instant`, in order; fewer, or none, when there are no more.
    package func nextWindows(after instant: Instant, count: Int, in zone: TimeZoneRules) -> [ScheduleWindow] {
        guard count > 0, !coversAlways, !coversNothing else { return [] }
        let horizon = instant + Self.horizon
        var windows: [ScheduleWindow] = []
        var moment = instant
        if covers(instant, in: zone) {
            guard let end = nextEdge(after: instant, before: horizon, in: zone) else { return [] }
            moment = end
        }
        while windows.count < count, let start = nextEdge(after: moment, before: horizon, in: zone) {
            let end = nextEdge(after: start, before: horizon, in: zone)
            windows.append(ScheduleWindow(start: start, end: end))
            guard let end else { break }
            moment = end
        }
        return windows
    }

    /// When the window that covers `instant` ends; `nil` when none covers it, or it never ends.
    package func endOfWindow(covering instant: Instant, in zone: TimeZoneRules) -> Instant? {
        guard !coversAlways, covers(instant, in: zone) else { return nil }
        return nextEdge(after: instant, before: instant + Self.horizon, in: zone)
    }

    private func nextEdge(after instant: Instant, before horizon: Instant, in zone: TimeZoneRules) -> Instant? {
        HourWalk(zone: zone, expressions: [self]).nextChange(after: instant, before: horizon) { covers($0) }
    }
}

/// Steps through the moments at which what some expressions cover can change.
package struct HourWalk {
    let zone: TimeZoneRules
    let expressions: [CronExpression]

    package init(zone: TimeZoneRules, expressions: [CronExpression]) {
        self.zone = zone
        self.expressions = expressions
    }

    /// The first moment after `instant` and before `horizon` at which `value` differs from what it is at `instant`.
    ///
    /// `value` must depend on nothing but which of the expressions cover the hour it is given.
    package func nextChange<Value: Equatable>(
        after instant: Instant,
        before horizon: Instant,
        of value: (LocalHour) -> Value
    ) -> Instant? {
        var seconds = instant.seconds
        var period = zone.period(at: seconds)
        var local = LocalHour(seconds, offset: period.offset)
        let initial = value(local)
        while true {
            seconds = nextStep(from: seconds, local, period)
            guard Instant(seconds: seconds) < horizon else { return nil }
            if let end = period.end, seconds >= end { period = zone.period(at: seconds) }
            local = LocalHour(seconds, offset: period.offset)
            if value(local) != initial { return Instant(seconds: seconds) }
        }
    }

    /// The end of the hour, or of a day on which nothing is covered, or of the zone's period, whichever comes first.
    private func nextStep(from seconds: Int64, _ local: LocalHour, _ period: TimeZoneRules.Period) -> Int64 {
        let unit: Int64 = expressions.contains { $0.matchesDate(of: local) } ? 3_600 : 86_400
        let wallClock = seconds + Int64(period.offset)
        let next = wallClock - Instant.floorModulo(wallClock, unit) + unit - Int64(period.offset)
        return period.end.map { min($0, next) } ?? next
    }
}
