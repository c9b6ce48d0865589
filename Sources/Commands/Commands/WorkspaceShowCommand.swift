// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Basics
import Domain
import Operations
import Store
import Time

extension WorkspacesCommand {
    /// `stoker workspaces show`
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a workspace with its builds, resources, agents, claim and outputs.",
            discussion: """
                The values of sensitive outputs are shown only with --reveal, and only to the workspace's owner: through a \
                server the owner is the holder of the token; beside the database it is whoever has the encryption key.
                """
        )

        @Argument(help: "Its name, its id, or the first digits of it. A deleted workspace is found by its id only.")
        var workspace: String

        @Option(help: "Its owner, if several workspaces have the name.")
        var owner: String?

        @Flag(help: "Show the values of sensitive outputs.")
        var reveal = false

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let details = try await control.withControl { control in
                var details = try await control.perform(ShowWorkspace(workspace: workspace, owner: owner))
                if reveal {
                    let id = "\(details.workspace.id)"
                    details.outputs = try await control.perform(RevealOutputs(workspace: id))
                }
                return details
            }
            try output.print(details, table: \.text)
        }
    }
}

extension WorkspaceDetails {
    /// Its properties, then a table for each kind of its parts.
    var text: String {
        var facts = [
            "\(workspace.name) of \(workspace.ownerName)\(deleted ? ", deleted" : "")",
            "\(workspace.templateName)/\(workspace.presetName), version \(versionName), organization \(organizationName)",
            "id \(workspace.id), created \(Shown.time(workspace.createdAt))",
        ]
        if let labels = workspace.labels {
            facts.append(
                "labels " + labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
            )
        }
        if let claim {
            let why = claim.reason.isEmpty ? "" : ": \(claim.reason)"
            let usable = claim.usableAt.map { ", usable \(Shown.time($0))" } ?? ""
            facts.append("claimed \(Shown.time(claim.claimedAt)), \(claim.outcome)\(why)\(usable)")
        }
        if let end = workspace.expiresAt { facts.append("ends at \(Shown.time(end))") }
        if let since = workspace.dormantAt { facts.append("dormant since \(Shown.time(since))") }
        facts += outputs.lines
        let sections = [
            outputs.table,
            Table(parameters, empty: "", [.init("parameter") { $0.name }, .init("value") { $0.value }]).text,
            Table(
                builds,
                empty: "",
                [
                    .init("build") { "\($0.number) \($0.transition)" },
                    .init("reason") { $0.reason.text },
                    .init("version") { $0.versionName },
                    .init("status") { $0.status.text },
                    .init("created") { Shown.time($0.createdAt) },
                    .init("job") { "\($0.jobID)" },
                    .init("error") { $0.error },
                ]
            ).text,
            Table(resources, empty: "", [.init("resource") { $0.address }, .init("type") { $0.type }]).text,
            Table(
                agents,
                empty: "",
                [
                    .init("agent") { $0.name },
                    .init("state") { $0.state.text },
                    .init("ready") { $0.readyAt.map { Shown.time($0) } ?? "" },
                ]
            ).text,
        ]
        return ([facts.map(Printable.line).joined(separator: "\n")] + sections.filter { !$0.isEmpty }).joined(
            separator: "\n\n"
        )
    }
}
