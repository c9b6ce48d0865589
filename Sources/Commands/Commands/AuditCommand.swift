// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Store

/// `stoker audit`
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "See who changed what and when.",
        subcommands: [List.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List who changed what and when, the newest first.",
            discussion: """
                There is an entry for every operation that changed anything, by command, API or page, kept as long as \
                retention.period says. Secrets are not in it.
                """
        )

        @Option(help: "Only changes since then: a time such as 2025-06-02T03:00:00Z, or an age such as 24h.")
        var since: MomentArgument?

        @Option(help: "Only changes before then.")
        var until: MomentArgument?

        @Option(help: "Only changes by this user.")
        var actor: String?

        @Option(help: "Only this action, such as claimWorkspace.")
        var action: String?

        @Option(help: "Only changes of this thing: a template, 'ada/dev', 'dev', a job's id.")
        var target: String?

        @OptionGroup var count: CountOptions
        @OptionGroup var control: ReportOptions

        func run() async throws {
            let operation = ListAudit(
                since: since?.instant,
                until: until?.instant,
                actor: actor,
                action: action,
                target: target
            )
            try await control.report(operation, limit: count.limit)
        }
    }
}

extension AuditEntry: TableRow {
    static let whenNone = "There are no such changes."

    static var columns: [Table.Column<Self>] {
        [
            .init("time") { Shown.time($0.at) },
            .init("who") { $0.actor },
            .init("by") { $0.origin.text },
            .init("action") { $0.action },
            .init("target") { $0.target },
            .init("details") { entry in
                entry.details.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
            },
        ]
    }
}
