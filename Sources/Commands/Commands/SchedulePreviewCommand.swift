// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Prebuilds
import Store
import Worker

extension ScheduleCommand {
    /// `stoker schedule preview`
    struct Preview: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show how many prebuilds the schedules of a template's pools want, and from when to when.",
            discussion: "Reads the database and changes nothing. Times are UTC."
        )

        @Argument(help: "The template; else all.")
        var template: String?

        @Option(help: "From when on, such as 2025-06-02T03:00:00Z; else now.")
        var at: Instant?

        @Option(help: "For how many days.")
        var days = 7

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (1...366).contains(days) else { throw ValidationError("--days takes 1 to 366.") }
        }

        func run() async throws {
            let previews = try await global.withStore { store, _, settings in
                let (now, snapshot) = try await store.snapshot(at: at, limits: PlanLimits(settings))
                return try SchedulePreview.list(snapshot, named: template, from: now, days: days)
            }
            try output.print(previews) { $0.table.text }
        }
    }
}

/// What a pool wants for a while, by its schedule.
struct SchedulePreview: Encodable {
    /// A stretch of time with one count.
    struct Span: Hashable, Encodable {
        let start: Instant
        let end: Instant
        let desired: Int
    }

    let pool: Pool
    let timeZone: String
    let spans: [Span]
    /// Why the schedule cannot be followed, or what should be mended in it.
    let problems: [String]

    /// One for each active pool, by template and preset. Throws ``CommandError`` when no template has the name.
    static func list(
        _ snapshot: Snapshot,
        named template: String?,
        from start: Instant,
        days: Int,
        zones: ZoneDirectory = ZoneDirectory()
    ) throws -> [SchedulePreview] {
        let presets = snapshot.presets.filter { preset in
            preset.isActive && template.map { $0.lowercased() == preset.pool.templateName.lowercased() } ?? true
        }
        if let template, presets.isEmpty {
            throw CommandError(
                .refused,
                "there is no pool of a template '\(template)'",
                remedy: "See 'stoker presets list'."
            )
        }
        let rules = zones.rules(for: snapshot)
        return presets.map { SchedulePreview($0, from: start, to: start + .seconds(86_400 * days), zones: rules) }
    }

    private init(_ preset: PresetSnapshot, from start: Instant, to end: Instant, zones: [String: TimeZoneRules]) {
        pool = preset.pool
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

    private enum CodingKeys: String, CodingKey {
        case spans, problems
        case presetID = "preset_id"
        case presetName = "preset_name"
        case templateName = "template_name"
        case organizationName = "org_name"
        case timeZone = "timezone"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(pool.presetID, forKey: .presetID)
        try container.encode(pool.presetName, forKey: .presetName)
        try container.encode(pool.templateName, forKey: .templateName)
        try container.encode(pool.organizationName, forKey: .organizationName)
        try container.encode(timeZone, forKey: .timeZone)
        try container.encode(spans, forKey: .spans)
        try container.encode(problems, forKey: .problems)
    }
}

extension [SchedulePreview] {
    var table: Table {
        Table(
            flatMap { preview in
                preview.spans.enumerated().map { number, span in
                    (preview: preview, span: span, problem: number == 0 ? preview.problems.joined(separator: "; ") : "")
                }
            },
            empty: "There are no pools. Push a template with 'stoker templates push DIR'.",
            [
                .init("template") { $0.preview.pool.templateName },
                .init("preset") { $0.preview.pool.presetName },
                .init("from") { "\($0.span.start)" },
                .init("to") { "\($0.span.end)" },
                .init("desired") { "\($0.span.desired)" },
                .init("schedule's zone") { $0.preview.timeZone },
                .init("problem") { $0.problem },
            ]
        )
    }
}
