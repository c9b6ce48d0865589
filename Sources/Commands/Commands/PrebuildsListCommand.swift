// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Store
import Time

extension PrebuildsCommand {
    /// `stoker prebuilds list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the pools' workspaces, oldest first, and what those that cannot be claimed wait for."
        )

        @Option(help: "Only those of this template.")
        var template: String?

        @Option(help: "How many at most.")
        var limit = 1_000

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let prebuilds = try await control.ask(ListPrebuilds(template: template, limit: limit))
            try output.print(prebuilds) { $0.table.text }
        }
    }
}

extension [PrebuildSummary] {
    var table: Table {
        Table(
            self,
            empty: "There are no prebuilds. 'stoker plan' says why.",
            [
                .init("template") { $0.templateName },
                .init("preset") { $0.presetName },
                .init("version") { $0.versionName + ($0.isActive ? "" : " (inactive)") },
                .init("build") { "\($0.transition) \($0.status)" },
                .init("eligible") { $0.isEligible ? "yes" : "no" },
                .init("waiting for") { $0.waitingFor.joined(separator: ", ") },
                .init("created") { "\(Instant(seconds: $0.createdAt.seconds))" },
                .init("name") { $0.name },
            ]
        )
    }
}
