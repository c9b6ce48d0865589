// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Store
import Time

extension PoolsCommand {
    /// `stoker pools history`
    struct History: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a pool's size, readiness, claims and misses over time.",
            discussion: """
                A sample is taken every five minutes; after a day, one for each hour is kept. The table has a line for each \
                five minutes, hour or six hours of the range; with --output json every point is there.
                """
        )

        @Argument(help: "The pool, as template/preset.")
        var pool: String

        @Option(help: "How far back: \(HistoryRange.allCases.map(\.rawValue).joined(separator: ", ")).")
        var range = HistoryRange.day

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ShowPoolHistory(target: pool, range: range), text: \.text)
        }
    }
}

extension HistoryRange: ExpressibleByArgument {}

extension PoolHistory {
    /// How many points share a line of the table.
    private var pointsPerLine: Int {
        switch range {
        case .hour: 1
        case .day: 12
        case .week: 6
        }
    }

    var text: String {
        let length = Int64(step * pointsPerLine)
        let lines = Dictionary(grouping: points) { ($0.at.seconds - 1) / length }
            .sorted { $0.key < $1.key }.map { Self.line($0.value) }
        let claims = points.reduce(0) { $0 + $1.claims }
        let misses = points.reduce(0) { $0 + $1.misses }
        let ratio = claims > 0 ? ", \((claims - misses) * 100 / claims)% hits" : ""
        return lines.text + "\n\n\(claims) claims, \(misses) misses\(ratio)."
    }

    /// The mean of several points; the sum of their claims.
    private static func line(_ points: [Point]) -> Point {
        func mean(_ value: KeyPath<Point, Double>) -> Double {
            points.reduce(0) { $0 + $1[keyPath: value] } / Double(max(points.count, 1))
        }
        return Point(
            at: points.map(\.at).max() ?? Instant(seconds: 0),
            desired: mean(\.desired),
            ready: mean(\.ready),
            starting: mean(\.starting),
            claims: points.reduce(0) { $0 + $1.claims },
            misses: points.reduce(0) { $0 + $1.misses }
        )
    }
}

extension PoolHistory.Point: TableRow {
    static let whenNone = "There are no samples of this time; a worker takes one every five minutes."

    static var columns: [Table.Column<Self>] {
        [
            .init("until") { Shown.time($0.at) },
            .init("desired") { tenths($0.desired) },
            .init("ready") { tenths($0.ready) },
            .init("starting") { tenths($0.starting) },
            .init("claims") { "\($0.claims)" },
            .init("misses") { "\($0.misses)" },
        ]
    }

    /// With one decimal, unless it is whole.
    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
