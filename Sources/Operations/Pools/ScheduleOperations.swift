// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Prebuilds
import Store
package import Templates
package import Time

/// Show whether a schedule covers a moment, and its next windows. It needs no database.
package struct ExplainSchedule: Operation {
    package var cron: String
    /// `nil`: UTC.
    package var timezone: String?
    /// `nil`: now.
    package var at: Instant?
    /// How many windows to show; `nil`: 5.
    package var count: Int?

    package static let route = Route(.get, "/schedule/explain", .pools, for: .member)
        .doing("Show whether a schedule covers a moment, and its next windows")
        .taking(
            Field(
                "cron",
                .text(most: 200),
                "A cron expression of five fields, read as a window; the minute must be `*`.",
                required: true,
                example: .text("* 9-18 * * 1-5")
            ),
            Field("timezone", .text(most: 64), "An IANA time zone.", default: .text("UTC")),
            moment,
            Field("count", .integer(0...50), default: .integer(5))
        )
        .answering("The windows of the schedule.", .one("Schedule"))

    static let moment = Field("at", .instant, "The moment. Default: now.")

    package init(cron: String, timezone: String? = nil, at: Instant? = nil, count: Int? = nil) {
        self.cron = cron
        self.timezone = timezone
        self.at = at
        self.count = count
    }

    // Inlined into the table's closure, it crashes Swift 6.3's optimizer.
    @inline(never)
    package func perform(in context: OperationContext) async throws -> ScheduleReport {
        try explain(now: try await context.store.now(), zones: context.zones)
    }

    /// - Parameter now: Called only without ``at``.
    @inline(never)
    package func explain(now: Instant, zones: ZoneDirectory) throws(Refusal) -> ScheduleReport {
        let expression: CronExpression
        do {
            expression = try CronExpression(cron)
        } catch {
            throw Refusal(.invalid, "schedule '\(cron)': \(error)")
        }
        let zone = timezone ?? "UTC"
        guard let rules = zones.rules(named: zone) else {
            throw Refusal(.invalid, "\(ScheduleProblem.unknownTimeZone(zone))")
        }
        let moment = at ?? now
        return ScheduleReport(
            at: moment,
            covers: expression.covers(moment, in: rules),
            until: expression.endOfWindow(covering: moment, in: rules),
            next: expression.nextWindows(after: moment, count: count ?? 5, in: rules)
        )
    }
}

/// Show whether a schedule covers a moment, and its next windows.
package struct ScheduleReport: Hashable, Sendable, Codable {
    package let at: Instant
    package let covers: Bool
    /// When the window that covers the moment ends.
    package let until: Instant?
    package let next: [ScheduleWindow]

    package init(at: Instant, covers: Bool, until: Instant?, next: [ScheduleWindow]) {
        self.at = at
        self.covers = covers
        self.until = until
        self.next = next
    }
}
