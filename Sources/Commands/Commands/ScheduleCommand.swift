// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Templates
import Time

/// `stoker schedule`
struct ScheduleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schedule",
        abstract: "Explain and preview schedules of pools.",
        subcommands: [Explain.self, Preview.self]
    )

    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show whether a schedule covers a moment, and its next windows."
        )

        @Argument(help: "Five fields, such as '* 9-18 * * 1-5'; the minute is '*'.")
        var cron: String

        @Option(help: "An IANA time zone, such as Europe/Paris.")
        var timezone = "UTC"

        @Option(help: "The moment, such as 2025-06-02T03:00:00Z. Default: now.")
        var at: Instant?

        @Option(help: "How many windows to show.")
        var count = 5

        @OptionGroup var output: OutputOptions

        func run() async throws {
            let question = ExplainSchedule(cron: cron, timezone: timezone, at: at, count: count)
            let report = try question.explain(now: Host.now, zones: ZoneDirectory())
            try output.print(report, table: \.text)
        }
    }
}

extension ScheduleReport {
    var text: String {
        let verdict = "\(at) is \(covers ? "covered" : "not covered")\(until.map { ", until \($0)" } ?? "")."
        let windows = Table(
            next,
            empty: "No window follows.",
            [.init("from") { "\($0.start)" }, .init("to") { $0.end.map { "\($0)" } ?? "for ever" }]
        )
        return verdict + "\n\n" + windows.text
    }
}
