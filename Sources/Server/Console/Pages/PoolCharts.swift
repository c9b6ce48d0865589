// SPDX-License-Identifier: Apache-2.0

import Operations
import Prebuilds
import Time

/// The charts of a pool, as SVG.
enum PoolCharts {
    static func drawn(_ pool: PlanReport.Preset, _ visit: ConsoleVisit) async throws -> Markup {
        guard visit.may(PreviewSchedules.self), pool.active else { return .none }
        // From the beginning of the hour, so that the chart stays the same within it.
        let hour = Instant(seconds: visit.now.seconds / 3_600 * 3_600)
        let previews = try await visit.ask(PreviewSchedules(template: pool.templateName, at: hour))
        guard let preview = previews.first(where: { $0.presetID == pool.presetID }) else { return .none }
        return schedule(preview, visit)
    }

    /// How many prebuilds the schedule asks for in the next days, as steps.
    private static func schedule(_ preview: SchedulePreview, _ visit: ConsoleVisit) -> Markup {
        let problems = preview.problems.map { "<p class=\"notice bad\">\($0)</p>" as Markup }
        guard Set(preview.spans.map(\.desired)).count > 1, let start = preview.spans.first?.start,
            let end = preview.spans.last?.end
        else { return Markup(html: problems.map(\.html).joined()) }
        let most = max(preview.spans.map(\.desired).max() ?? 0, 1)
        let (width, height) = (960.0, 64.0)
        let length = Double((end - start).components.seconds)
        func x(_ instant: Instant) -> String { decimal(Double((instant - start).components.seconds) / length * width) }
        let bars = preview.spans.map { span -> Markup in
            let tall = Double(span.desired) / Double(most) * height
            return """
                <rect class="window" x="\(x(span.start))" y="\(decimal(12 + height - tall))" \
                width="\(decimal(Double((span.end - span.start).components.seconds) / length * width))" \
                height="\(decimal(tall))"><title>\(span.desired) from \(Markup.exact(span.start)) to \
                \(Markup.exact(span.end))</title></rect>
                """
        }
        // Midnights.
        let first = start + .seconds(86_400 - Int(start.seconds % 86_400))
        let days = (0...6).map { day -> Markup in
            let at = first + .seconds(86_400 * day)
            return """
                <line class="grid" x1="\(x(at))" x2="\(x(at))" y1="8" y2="\(decimal(height + 12))"/>\
                <text x="\(x(at))" y="\(decimal(height + 26))" dx="3">\(String(at.iso8601.dropFirst(5).prefix(5)))</text>
                """
        }
        return """
            <section><h2>Schedule of the next seven days</h2>\(problems)\
            <svg class="chart" viewBox="0 0 960 96" role="img" aria-label="Between \
            \(preview.spans.map(\.desired).min() ?? 0) and \(most) prebuilds are wanted">\(days)\(bars)</svg>\
            <p class="legend"><span>up to \(most) prebuilds</span><span>windows in \(preview.timeZone), days in UTC\
            </span></p></section>
            """
    }

    /// With one digit after the point.
    static func decimal(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
}
