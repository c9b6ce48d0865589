// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Time

extension ScheduleCommand {
    /// `stoker schedule preview`
    struct Preview: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the desired counts of a template's pools over time, by their schedules.",
            discussion: "Reads the database and changes nothing. Times are those of your time zone; JSON has UTC."
        )

        @Argument(help: "One template. Default: all.")
        var template: String?

        @Option(help: "The beginning, such as 2025-06-02T03:00:00Z; else now.")
        var at: Instant?

        @Option(help: "The number of days.")
        var days = 7

        @OptionGroup var control: ReportOptions

        func validate() throws {
            guard (1...366).contains(days) else { throw ValidationError("--days takes 1 to 366.") }
        }

        func run() async throws {
            try await control.report(PreviewSchedules(template: template, at: at, days: days), text: \.text)
        }
    }
}

extension [SchedulePreview] {
    fileprivate var text: String {
        Table(
            flatMap { preview in
                preview.spans.enumerated().map { number, span in
                    (preview: preview, span: span, problem: number == 0 ? preview.problems.joined(separator: "; ") : "")
                }
            },
            empty: "There are no pools. Push a template with 'stoker templates push DIR'.",
            [
                .init("template") { $0.preview.templateName },
                .init("preset") { $0.preview.presetName },
                .init("from") { Shown.time($0.span.start) },
                .init("to") { Shown.time($0.span.end) },
                .init("desired") { "\($0.span.desired)" },
                .init("schedule's zone") { $0.preview.timeZone },
                .init("problem") { $0.problem },
            ]
        ).text
    }
}
