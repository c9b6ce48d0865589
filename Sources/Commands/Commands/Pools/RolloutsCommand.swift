// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Store
import Time

/// `stoker rollouts`
struct RolloutsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollouts",
        abstract: "List, show, pause, resume and take back roll-outs of versions.",
        subcommands: [List.self, Show.self, Pause.self, Resume.self, Rollback.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List roll-outs, the newest first.")

        @Option(help: "Only those of this template.")
        var template: String?

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ListRollouts(template: template))
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a template's roll-out: the one that has not ended, or the last one."
        )

        @Argument(help: "The template.")
        var template: String

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ShowRollout(template: template), text: \.text)
        }
    }

    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop a roll-out where it is; the old pool stays, and is kept filled."
        )

        @Argument(help: "The template.")
        var template: String

        @Option(help: "Why; it is shown.")
        var reason: String?

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(PauseRollout(template: template, reason: reason), text: \.text)
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a roll-out go on that is paused or held.",
            discussion: "Its deadline counts from now, and failures of the template's presets are forgotten."
        )

        @Argument(help: "The template.")
        var template: String

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ResumeRollout(template: template), text: \.text)
        }
    }

    struct Rollback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Promote the version again that was proven before the roll-out."
        )

        @Argument(help: "The template.")
        var template: String

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(RollBackRollout(template: template), text: \.text)
        }
    }
}

extension RolloutSummary: TableRow {
    static let whenNone = "There was no roll-out. A push of another version of a template begins one."

    static var columns: [Table.Column<Self>] {
        [
            .init("template") { $0.templateName },
            .init("from") { $0.fromVersion },
            .init("to") { $0.toVersion },
            .init("status") { $0.status.replacing("_", with: " ") },
            .init("adopted") { "\($0.adopted)" },
            .init("started") { "\($0.startedAt)" },
            .init("ended") { $0.endedAt.map { "\($0)" } ?? "" },
            .init("reason") { $0.reason },
        ]
    }

    /// A table of itself, and one of its pools.
    var text: String {
        let whole = Table([self], empty: "", Self.columns).text
        guard !pools.isEmpty else { return whole }
        let parts = Table(
            pools,
            empty: "",
            [
                .init("preset") { $0.presetName },
                .init("canary") { $0.isProven ? "passed" : "awaited (\($0.canary))" },
                .init("ready") { "\($0.ready)" },
                .init("previous") { "\($0.previous)" },
                .init("floor") { "\($0.floor)%" },
                .init("deadline") { "\($0.progressDeadline) s" },
                .init("on failure") { $0.onFailure },
            ]
        ).text
        return "\(whole)\n\n\(parts)"
    }
}
