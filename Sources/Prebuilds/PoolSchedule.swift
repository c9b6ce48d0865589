// SPDX-License-Identifier: Apache-2.0

package import Time

/// A preset's schedule: the desired count at each moment.
package struct PoolSchedule: Hashable, Sendable {
    private struct Entry: Hashable, Sendable {
        let expression: CronExpression
        let count: Int
    }

    private let entries: [Entry]
    private let zone: TimeZoneRules
    /// The count where no row covers the moment.
    private let fallback: Int
    /// Warnings for an operator: rows that overlap, and rows that cover nothing.
    package let warnings: [ScheduleProblem]

    /// Parses all rows, and throws for the first that cannot be read. Overlapping rows are warnings.
    ///
    /// - Parameter zones: The rules of time zones by IANA name. UTC, and the empty name for it, need not be among them.
    package init(
        rows: [ScheduleRow],
        timeZone: String,
        zones: [String: TimeZoneRules],
        fallback: Int
    ) throws(ScheduleProblem) {
        guard let zone = rows.isEmpty ? .utc : TimeZoneRules.named(timeZone, in: zones) else {
            throw .unknownTimeZone(timeZone)
        }
        var entries: [Entry] = []
        for (index, row) in rows.enumerated() {
            do throws(CronError) {
                entries.append(Entry(expression: try CronExpression(row.cronExpression), count: row.desiredInstances))
            } catch {
                throw .unreadable(row: index, row.cronExpression, error)
            }
        }
        self.entries = entries
        self.zone = zone
        self.fallback = fallback
        warnings = Self.findings(in: entries.enumerated().map { ($0.offset, $0.element.expression) })
    }

    /// The largest count among the rows that cover `instant`, else the default count.
    package func desired(at instant: Instant) -> Int {
        guard !entries.isEmpty else { return fallback }
        return desired(at: LocalHour(at: instant, in: zone))
    }

    /// The first moment after `instant` and before `horizon` at which the desired count changes.
    package func nextEdge(after instant: Instant, before horizon: Instant) -> Instant? {
        guard !entries.isEmpty else { return nil }
        return HourWalk(zone: zone, expressions: entries.map(\.expression))
            .nextChange(after: instant, before: horizon) { desired(at: $0) }
    }

    private func desired(at local: LocalHour) -> Int {
        var largest: Int?
        for entry in entries where entry.expression.covers(local) {
            largest = max(largest ?? entry.count, entry.count)
        }
        return largest ?? fallback
    }

    /// All problems for which a push refuses a schedule: unreadable rows, rows that cover nothing, and overlaps.
    package static func problems(of rows: [ScheduleRow]) -> [ScheduleProblem] {
        var problems: [ScheduleProblem] = []
        var readable: [(row: Int, expression: CronExpression)] = []
        for (index, row) in rows.enumerated() {
            do throws(CronError) {
                readable.append((index, try CronExpression(row.cronExpression)))
            } catch {
                problems.append(.unreadable(row: index, row.cronExpression, error))
            }
        }
        return problems + findings(in: readable)
    }

    private static func findings(in rows: [(row: Int, expression: CronExpression)]) -> [ScheduleProblem] {
        var findings: [ScheduleProblem] = []
        for (position, later) in rows.enumerated() {
            if later.expression.coversNothing { findings.append(.coversNothing(later.row, later.expression)) }
            for earlier in rows[..<position] {
                guard let common = later.expression.overlap(with: earlier.expression) else { continue }
                findings.append(.overlap(later.row, later.expression, earlier.expression, common))
            }
        }
        return findings
    }
}
