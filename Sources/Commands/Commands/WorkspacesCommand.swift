// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Store
import Time

/// `stoker workspaces`
struct WorkspacesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workspaces",
        abstract: "List, show and delete workspaces, prebuilds included.",
        subcommands: [List.self, Show.self, Delete.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the workspaces, newest first.")

        @Option(help: "Only those of this user. The user 'prebuilds' owns the prebuilds.")
        var owner: String?

        @Option(help: "Only those of this template.")
        var template: String?

        @Option(help: "Only those of a preset with this name.")
        var preset: String?

        @Option(help: "Only those whose latest build has this status.")
        var status: JobStatus?

        @OptionGroup var count: CountOptions
        @OptionGroup var control: ReportOptions

        func run() async throws {
            let operation = ListWorkspaces(owner: owner, template: template, preset: preset, status: status)
            try await control.report(operation, limit: count.limit)
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Delete a workspace with its resources.",
            discussion: """
                The deletion is queued. With --wait the command returns when it has ended.

                With --force the workspace is removed at once and its provisioner is not run: for one whose provisioner \
                cannot run any more. What was built stays where it is, and a warning names it. It takes the role \
                template-admin.
                """
        )

        @Argument(help: "Its name, its id, or the first digits of it.")
        var workspace: String

        @Option(help: "Its owner, if several workspaces have the name.")
        var owner: String?

        @Flag(help: "Wait until it is deleted.")
        var wait = false

        @Flag(help: "Remove it without running its provisioner; its resources stay.")
        var force = false

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let report = try await control.withControl { control in
                var report = try await control.perform(
                    DeleteWorkspace(workspace: workspace, owner: owner, force: force ? true : nil)
                )
                if wait, !force, let job = report.jobID { report.status = try await control.waitForEnd(of: job).status }
                return report
            }
            try output.print(report) { report in
                if let warning = report.warning { return "Removed \(workspace). Warning: \(warning)" }
                return wait
                    ? "Deleted \(workspace)."
                    : "Deleting \(workspace); see 'stoker jobs logs \(report.jobID.map { "\($0)" } ?? "") --follow'."
            }
        }
    }
}

extension WorkspaceSummary: TableRow {
    static let whenNone = "There are no workspaces."

    static var columns: [Table.Column<Self>] {
        [
            .init("name") { $0.name },
            .init("owner") { $0.ownerName },
            .init("template") { $0.templateName },
            .init("preset") { $0.presetName },
            .init("build") { "\($0.buildNumber) \($0.transition)" },
            .init("status") { $0.status.text },
            .init("created") { Shown.time($0.createdAt) },
            .init("age") { Shown.age(of: $0.createdAt) },
            .init("id") { "\($0.id)" },
        ]
    }
}
