// SPDX-License-Identifier: Apache-2.0

import Operations
import Store
import Time

extension PoolCharts {
    /// Desired and ready prebuilds as lines, claims as bars with their misses, over an hour, a day or a week.
    static func history(_ target: String, _ visit: ConsoleVisit) async throws -> Markup {
        guard visit.may(ShowPoolHistory.self) else { return .none }
        let range = visit.address["range"].flatMap({ HistoryRange(rawValue: $0) }) ?? .day
        // The end of the step, so that the chart stays the same within it.
        let end = Instant(seconds: (visit.now.seconds / 300 + 1) * 300)
        let history = try await visit.ask(ShowPoolHistory(target: target, range: range, to: end))
        let tabs = HistoryRange.allCases.map { choice -> Markup in
            let current: Markup = choice == range ? " aria-current=\"true\"" : ""
            return "<a href=\"\(visit.address.with("range", choice.rawValue).text)\"\(current)>\(choice.rawValue)</a>"
        }
        let chart: Markup =
            history.points.isEmpty
            ? "<p class=\"empty\">Nothing was recorded in this time. A point is added every five minutes.</p>"
            : draw(history)
        return """
            <section><h2>History</h2><nav class="tabs" aria-label="Time">\(tabs)</nav>\(chart)</section>
            """
    }

    private static func draw(_ history: PoolHistory) -> Markup {
        let points = history.points
        let most = max(points.map { max($0.desired, $0.ready) }.max() ?? 0, 1)
        let crowd = Double(max(points.map(\.claims).max() ?? 0, 1))
        let length = max(Double((history.to - history.from).components.seconds), 1)
        func x(_ instant: Instant) -> Double { Double((instant - history.from).components.seconds) / length * 930 + 28 }
        func y(_ value: Double) -> Double { 150 - value / most * 130 }
        let width = max(Double(history.step) / length * 930 - 1, 1)
        let bars = points.filter { $0.claims > 0 }.map { point -> Markup in
            let tall = Double(point.claims) / crowd * 40
            let missed = Double(point.misses) / crowd * 40
            let left = decimal(x(point.at) - width)
            return """
                <rect class="hits" x="\(left)" y="\(decimal(200 - tall))" width="\(decimal(width))" \
                height="\(decimal(tall))"><title>\(point.claims) claims, \(point.misses) misses until \
                \(Markup.exact(point.at))</title></rect><rect class="misses" x="\(left)" y="\(decimal(200 - missed))" \
                width="\(decimal(width))" height="\(decimal(missed))"/>
                """
        }
        let rules = [0, most / 2, most].map { value -> Markup in
            """
            <line class="grid" x1="28" x2="958" y1="\(decimal(y(value)))" y2="\(decimal(y(value)))"/>\
            <text x="0" y="\(decimal(y(value) + 4))">\(decimal(value))</text>
            """
        }
        let desired = path(history, { $0.desired }, x: x, y: y)
        let ready = path(history, { $0.ready }, x: x, y: y)
        let claims = points.reduce(0) { $0 + $1.claims }
        let misses = points.reduce(0) { $0 + $1.misses }
        return """
            <svg class="chart" viewBox="0 0 960 218" role="img" aria-label="Up to \(decimal(most)) prebuilds; \(claims) \
            claims, \(misses) of them misses">\(rules)\(bars)\
            <path class="desired" d="\(desired)"/><path class="ready" d="\(ready)"/>\
            <text x="28" y="214">\(Markup.exact(history.from))</text>\
            <text x="958" y="214" text-anchor="end">\(Markup.exact(history.to))</text></svg>\
            <p class="legend"><span>– – desired</span><span>— ready</span><span>bars: \(claims) claims, \(misses) \
            misses</span></p>
            """
    }

    /// A line through the points, broken where there is none for more than two steps.
    private static func path(
        _ history: PoolHistory,
        _ value: (PoolHistory.Point) -> Double,
        x: (Instant) -> Double,
        y: (Double) -> Double
    ) -> String {
        var text = ""
        var last: Instant?
        for point in history.points {
            let gap = last.map { point.at - $0 } ?? .seconds(history.step * 3)
            let isNew = gap > .seconds(history.step * 2)
            text += "\(isNew ? "M" : "L")\(decimal(x(point.at))) \(decimal(y(value(point))))"
            last = point.at
        }
        return text
    }
}
