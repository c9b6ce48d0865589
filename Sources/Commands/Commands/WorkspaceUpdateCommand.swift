// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Domain
import Operations
import Store

extension WorkspacesCommand {
    /// `stoker workspaces update`
    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Update a workspace to the active version of its template.",
            discussion: """
                First the update is rehearsed: it is planned with the workspace's state, and what it would replace is told. \
                Nothing is changed then; with --yes the command goes on. Templates of a program cannot be rehearsed, so \
                they need --yes.

                The workspace keeps its parameters, as far as the version has them. The exit code is 0 when the update was \
                made, or would be possible.
                """
        )

        @Argument(help: "Its name or id.")
        var workspace: String

        @Option(help: "Its owner, if several workspaces have the name.")
        var owner: String?

        @Option(
            name: .customLong("param"),
            help: ArgumentHelp("A parameter's value; may be repeated.", valueName: "key=value")
        )
        var parameters: [String] = []

        @Flag(help: "Go on after what would be replaced is told.")
        var yes = false

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            _ = try KeyValue.values(parameters)
        }

        func run() async throws {
            let values = try KeyValue.values(parameters)
            let update = try await control.withControl { control in
                var update = try await control.perform(ShowWorkspaceUpdate(workspace: workspace, owner: owner))
                if update.canRehearse { update = try await rehearse(update, values, with: control) }
                guard yes else {
                    guard update.canRehearse else {
                        throw CommandError(
                            "What an update of \(workspace) would replace cannot be told before it is made",
                            remedy: "Go on with --yes."
                        )
                    }
                    return update
                }
                if let rehearsal = update.rehearsal { try Console.note(rehearsal.text) }
                let id = "\(update.workspaceID)"
                let made = try await control.perform(UpdateWorkspace(workspace: id, yes: true, parameters: values))
                if let job = made.jobID { _ = try await control.waitForEnd(of: job) }
                return try await control.perform(ShowWorkspaceUpdate(workspace: id))
            }
            try output.print(update, table: \.text)
        }

        private func rehearse(
            _ update: WorkspaceUpdate,
            _ values: [String: String],
            with control: any Control
        ) async throws -> WorkspaceUpdate {
            let id = "\(update.workspaceID)"
            let ordered = try await control.perform(UpdateWorkspace(workspace: id, parameters: values))
            if let job = ordered.jobID { _ = try await control.waitForEnd(of: job) }
            return try await control.perform(ShowWorkspaceUpdate(workspace: id))
        }
    }
}

extension WorkspaceUpdate {
    /// The versions, and what an update would replace.
    var text: String {
        guard !isCurrent else {
            return Printable.line("\(workspaceName) is built with the active version, \(activeVersionName).")
        }
        let versions = Printable.line("\(workspaceName): \(versionName) -> \(activeVersionName)")
        let told = rehearsal.map { "\n\($0.text)" } ?? ""
        return "\(versions)\(told)\nNothing was changed. Go on with --yes."
    }
}

extension WorkspaceUpdate.Rehearsal {
    /// What the update would replace, a resource a line.
    var text: String {
        guard let replacements else { return "The rehearsal \(status)." }
        guard !replacements.isEmpty else { return "The update would replace nothing." }
        let lines = replacements.map { replacement in
            let paths = replacement.paths.joined(separator: ", ")
            return Printable.line("- \(replacement.address)\(paths.isEmpty ? "" : " (\(paths))")")
        }
        return (["The update would replace:"] + lines).joined(separator: "\n")
    }
}
