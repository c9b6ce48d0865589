// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Domain
import Operations
import Store
import Time

/// `stoker workspaces`
struct WorkspacesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workspaces",
        abstract: "List, show, start, stop, extend and delete workspaces.",
        subcommands: [
            List.self, Show.self, Start.self, Stop.self, Restart.self, Update.self, Extend.self, Delete.self,
        ]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the workspaces, newest first.")

        @Option(help: "Only those of this user. The user 'prebuilds' owns the prebuilds.")
        var owner: String?

        @Option(
            name: .customLong("label"),
            help: ArgumentHelp("Only those with this label; may be repeated.", valueName: "key=value")
        )
        var labels: [String] = []

        @Option(help: "Only those of this template.")
        var template: String?

        @Option(help: "Only those of a preset with this name.")
        var preset: String?

        @Option(help: "Only those whose latest build has this status.")
        var status: JobStatus?

        @OptionGroup var count: CountOptions
        @OptionGroup var control: ReportOptions

        func run() async throws {
            let operation = ListWorkspaces(
                owner: owner,
                selector: labels.isEmpty ? nil : labels.joined(separator: ","),
                template: template,
                preset: preset,
                status: status
            )
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
        var workspace: String?

        @Option(help: "Its owner, if several workspaces have the name; with --selector only this user's.")
        var owner: String?

        @Option(help: ArgumentHelp("Delete all that have these labels.", valueName: "key=value,..."))
        var selector: String?

        @Flag(help: "Wait until it is deleted.")
        var wait = false

        @Flag(help: "Remove it without running its provisioner; its resources stay.")
        var force = false

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (workspace == nil) != (selector == nil) else {
                throw ValidationError("Name one workspace, or give --selector.")
            }
            guard selector == nil || !force else { throw ValidationError("--force takes one workspace by its name.") }
        }

        func run() async throws {
            guard let workspace else { return try await deleteSelected(selector ?? "") }
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

extension WorkspacesCommand.Delete {
    private func deleteSelected(_ selector: String) async throws {
        let deletions = try await control.withControl { control in
            let deletions = try await control.perform(DeleteWorkspaces(selector: selector, owner: owner))
            if wait {
                for job in deletions.compactMap(\.jobID) { _ = try await control.waitForEnd(of: job) }
            }
            return deletions
        }
        try output.print(deletions) { deletions in
            guard !deletions.isEmpty else { return "No workspace has these labels." }
            return deletions.map { deletion in
                let name = "\(deletion.workspaceName) of \(deletion.ownerName)"
                let what = deletion.error.map { "not deleted: \($0)" } ?? (wait ? "deleted" : "is being deleted")
                return Printable.line("\(name): \(what)")
            }.joined(separator: "\n")
        }
        guard deletions.allSatisfy({ $0.error == nil }) else { throw ExitCode.failure }
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
            .init("ends") { $0.expiresAt.map { Shown.time($0) } ?? "" },
            .init("id") { "\($0.id)" },
        ]
    }
}
