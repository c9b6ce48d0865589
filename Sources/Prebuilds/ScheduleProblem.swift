// SPDX-License-Identifier: Apache-2.0

import Time

/// What is wrong with a preset's schedule, and where.
package struct ScheduleProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The row concerned, counted from 0; `nil`: the time zone.
    package let row: Int?
    /// The character of the row's expression, counted from 1, where it is one character that is wrong.
    package let position: Int?
    package let message: String

    package init(row: Int?, position: Int?, message: String) {
        self.row = row
        self.position = position
        self.message = message
    }

    package var description: String { message }

    static func unreadable(row: Int, _ expression: String, _ error: CronError) -> Self {
        Self(row: row, position: error.position, message: "schedule '\(expression)': \(error)")
    }

    static func coversNothing(_ row: Int, _ expression: CronExpression) -> Self {
        Self(row: row, position: nil, message: "schedule '\(expression.text)' names no date that exists")
    }

    static func overlap(_ row: Int, _ later: CronExpression, _ earlier: CronExpression, _ common: String) -> Self {
        Self(
            row: row,
            position: nil,
            message: "schedules '\(earlier.text)' and '\(later.text)' overlap: both cover \(common)"
        )
    }

    /// A time zone without rules.
    package static func unknownTimeZone(_ name: String) -> Self {
        Self(
            row: nil,
            position: nil,
            message: "time zone '\(name)' is not known here: use an IANA name such as Europe/Paris"
        )
    }
}
