// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Store
import Time

extension PrebuildsCommand {
    /// `stoker prebuilds list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the prebuilds, oldest first, and why some cannot be claimed."
        )

        @Option(help: "Only those of this template.")
        var template: String?

        @Option(help: "Only those of a preset with this name.")
        var preset: String?

        @OptionGroup var count: CountOptions

        @OptionGroup var control: ReportOptions

        func run() async throws {
            // One more shows whether there are more.
            let operation = ListPrebuilds(template: template, preset: preset, limit: count.limit + 1)
            let found = try await control.control.ask(operation)
            try control.output.print(Array(found.prefix(count.limit)), table: \.text)
            if found.count > count.limit { try Console.noteCut(at: count.limit) }
        }
    }
}

extension PrebuildSummary: TableRow {
    static let whenNone = "There are no prebuilds. 'stoker plan' says why."

    static var columns: [Table.Column<Self>] {
        [
            .init("template") { $0.templateName },
            .init("preset") { $0.presetName },
            .init("version") { $0.versionName + ($0.isActive ? "" : " (inactive)") },
            .init("build") { "\($0.transition) \($0.status)" },
            .init("eligible") { $0.isEligible ? "yes" : "no" },
            .init("waiting for") { $0.waitingFor.joined(separator: ", ") },
            .init("created") { Shown.time($0.createdAt) },
            .init("age") { Shown.age(of: $0.createdAt) },
            .init("name") { $0.name },
        ]
    }
}
