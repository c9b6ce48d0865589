// SPDX-License-Identifier: Apache-2.0

import Basics
package import Domain
import HTTPTypes
package import Prebuilds
import Store
package import Templates
package import Time

/// The desired counts of a template's pools over time, by their schedules.
package struct PreviewSchedules: Operation {
    /// `nil`: all.
    package var template: String?
    /// `nil`: now.
    package var at: Instant?
    /// `nil`: 7.
    package var days: Int?

    package static let route = Route(.get, "/schedule/preview", .pools, for: .templateAdmin)
        .doing("Show how many prebuilds the schedules ask for, and when")
        .taking(
            Field("template", .text(most: 64), "Only its pools."),
            ExplainSchedule.moment,
            Field("days", .integer(1...366), default: .integer(7))
        )
        .answering("A preview for each active pool.", .list("SchedulePreview"))

    package init(template: String? = nil, at: Instant? = nil, days: Int? = nil) {
        self.template = template
        self.at = at
        self.days = days
    }

    package func perform(in context: OperationContext) async throws -> [SchedulePreview] {
        let (now, snapshot) = try await context.store.snapshot(at: at, limits: context.limits())
        return try SchedulePreview.list(snapshot, named: template, from: now, days: days ?? 7, zones: context.zones)
    }
}

/// The desired counts of a pool over time.
package struct SchedulePreview: Hashable, Sendable, Codable {
    /// A time span with one count.
    package struct Span: Hashable, Sendable, Codable {
        package let start: Instant
        package let end: Instant
        package let desired: Int
    }

    package let presetID: PresetID
    package let presetName: String
    package let templateName: String
    package let organizationName: String
    package let timeZone: String
    package let spans: [Span]
    /// Why the schedule cannot be read, or a warning about it.
    package let problems: [String]

    private enum CodingKeys: String, CodingKey {
        case spans, problems
        case presetID = "preset_id"
        case presetName = "preset_name"
        case templateName = "template_name"
        case organizationName = "org_name"
        case timeZone = "timezone"
    }

    /// One for each active pool, by template and preset. Throws ``Refusal`` when no template has the name.
    package static func list(
        _ snapshot: Snapshot,
        named template: String?,
        from start: Instant,
        days: Int,
        zones: ZoneDirectory
    ) throws(Refusal) -> [SchedulePreview] {
        let presets = snapshot.presets.filter { preset in
            preset.isActive && template.map { $0.lowercased() == preset.pool.templateName.lowercased() } ?? true
        }
        if let template, presets.isEmpty {
            let names = snapshot.presets.filter(\.isActive).map(\.pool.templateName)
            let nearest = Suggestion.nearest(to: template, among: names).map { "Did you mean '\($0)'? " } ?? ""
            throw Refusal(
                .notFound,
                "There is no pool of a template '\(template)'",
                remedy: nearest + "See 'stoker presets list'."
            )
        }
        let rules = zones.rules(for: snapshot)
        return presets.map { SchedulePreview($0, from: start, to: start + .seconds(86_400 * days), zones: rules) }
    }

    private init(_ preset: PresetSnapshot, from start: Instant, to end: Instant, zones: [String: TimeZoneRules]) {
        presetID = preset.pool.presetID
        presetName = preset.pool.presetName
        templateName = preset.pool.templateName
        organizationName = preset.pool.organizationName
        timeZone = preset.timeZone.isEmpty ? "UTC" : preset.timeZone
        do throws(ScheduleProblem) {
            let schedule = try PoolSchedule(
                rows: preset.schedules,
                timeZone: preset.timeZone,
                zones: zones,
                fallback: max(preset.desiredInstances, 0)
            )
            problems = schedule.warnings.map(\.message)
            var spans: [Span] = []
            var moment = start
            while moment < end {
                let next = schedule.nextEdge(after: moment, before: end) ?? end
                spans.append(Span(start: moment, end: next, desired: max(schedule.desired(at: moment), 0)))
                moment = next
            }
            self.spans = spans
        } catch {
            problems = [error.message]
            spans = [Span(start: start, end: end, desired: max(preset.desiredInstances, 0))]
        }
    }
}
