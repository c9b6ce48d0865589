// SPDX-License-Identifier: Apache-2.0

import Basics
import Time

/// Rows of text in aligned columns.
struct Table {
    /// A column over values of one type: its title and its text.
    struct Column<Row> {
        let title: String
        let text: (Row) -> String

        init(_ title: String, _ text: @escaping (Row) -> String) {
            self.title = title
            self.text = text
        }
    }

    private let titles: [String]
    private let rows: [[String]]
    /// The text when there are no rows.
    private let empty: String

    init<Row>(_ rows: [Row], empty: String, _ columns: [Column<Row>]) {
        titles = columns.map { $0.title.uppercased() }
        self.rows = rows.map { row in columns.map { Self.oneLine($0.text(row)) } }
        self.empty = empty
    }

    /// Without a line end.
    var text: String {
        guard !rows.isEmpty else { return empty }
        let widths = titles.indices.map { column in
            ([titles] + rows).map { $0[column].count }.max() ?? 0
        }
        return ([titles] + rows).map { cells in
            var line = ""
            for (cell, width) in zip(cells, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            while line.last == " " { line.removeLast() }
            return line
        }.joined(separator: "\n")
    }

    /// A value must neither break the table nor control the terminal: line breaks and tabs become blanks.
    private static func oneLine(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { "\r\n\t".unicodeScalars.contains($0) ? " " : $0 }
        let line = Printable.line(String(String.UnicodeScalarView(scalars)))
        return line.isEmpty ? "-" : line
    }
}

/// A value that lists show as a row.
protocol TableRow {
    /// The text of an empty list.
    static var whenNone: String { get }
    static var columns: [Table.Column<Self>] { get }
}

extension Array where Element: TableRow {
    /// As a table.
    var text: String { Table(self, empty: Element.whenNone, Element.columns).text }
}

/// Times and durations in tables.
enum Shown {
    /// In the user's time zone, with its name, and without fractions of a second. JSON has the exact time.
    static func time(_ instant: Instant) -> String { LocalZone.current.text(instant) }

    /// How long ago it was, by this machine's clock.
    static func age(of instant: Instant, now: Instant = Host.now) -> String {
        age(seconds: (now - instant) / .seconds(1))
    }

    /// How long it took, or has taken until now; empty when it has not begun.
    static func span(from start: Instant?, to end: Instant?, now: Instant = Host.now) -> String {
        start.map { age(seconds: ((end ?? now) - $0) / .seconds(1)) } ?? ""
    }

    /// `42s`, `7m`, `3h`, `5d`: whole units, rounded down.
    static func age(seconds: Double) -> String {
        let seconds = Int(max(seconds, 0))
        return switch seconds {
        case ..<120: "\(seconds)s"
        case ..<7_200: "\(seconds / 60)m"
        case ..<172_800: "\(seconds / 3_600)h"
        default: "\(seconds / 86_400)d"
        }
    }
}
