// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Operations
import Store

/// One workspace: its state, agents, builds, resources and parameters.
struct WorkspacePage: ConsolePage {
    static let path = "/workspaces/{workspace}"
    static let area = ConsoleArea.workspaces

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        let details = try await visit.ask(
            ShowWorkspace(workspace: try visit.name("workspace"), owner: visit.address["owner"])
        )
        let workspace = details.workspace
        let main: Markup = """
            <header class="head"><h1>\(workspace.name)</h1>\
            \(details.deleted ? .pill("deleted", .calm) : WorkspacesPage.state(workspace))\
            <div class="actions">\(Self.actions(details, visit))</div></header>\
            \(Self.failure(details))\(Self.outputs(details, visit))\(Self.facts(details, visit))\
            \(Self.agents(details, visit))\
            <section><h2>Builds</h2>\(Self.builds(details, visit))</section>\
            <div class="split">\(Self.resources(details))\(Self.parameters(details))</div>
            """
        return PageContent(title: workspace.name, main: main)
    }

    private static func actions(_ details: WorkspaceDetails, _ visit: ConsoleVisit) -> Markup {
        guard !details.deleted else { return .none }
        let name = [(name: "workspace", value: "\(details.workspace.id)")]
        let delete = visit.form(
            DeleteWorkspace.self,
            "Delete",
            name,
            question: "\(details.workspace.name) is deleted with everything in it. Nothing brings it back.",
            done: "The workspace is being deleted.",
            isDangerous: true
        )
        guard visit.caller.has(.templateAdmin), details.workspace.status == .failed else { return delete }
        let force = visit.form(
            DeleteWorkspace.self,
            "Remove without its provisioner",
            name + [("force", "true")],
            question: "Only the workspace is removed. Its resources stay, and nothing will remove them.",
            done: "The workspace is removed.",
            isDangerous: true
        )
        return "\(delete)\(force)"
    }

    private static func failure(_ details: WorkspaceDetails) -> Markup {
        guard let build = details.builds.first, build.status == .failed, !build.error.isEmpty else { return .none }
        return "<div class=\"error\" tabindex=\"0\" role=\"region\" aria-label=\"Error\">\(build.error)</div>"
    }

    /// How one gets in, and what the build has told beside that.
    private static func outputs(_ details: WorkspaceDetails, _ visit: ConsoleVisit) -> Markup {
        let outputs = details.outputs
        guard !outputs.outputs.isEmpty else { return .none }
        var ways: [Markup] = []
        if let open = outputs.open, open.hasPrefix("https://") || open.hasPrefix("http://") {
            ways.append("<a class=\"button strong\" href=\"\(open)\" rel=\"noreferrer\">Open</a>")
        }
        if let ssh = outputs.ssh {
            let copy: Markup = "<button type=\"button\" class=\"button\" data-copy=\"\(ssh)\">Copy</button>"
            ways.append("<span><code>\(ssh)</code> \(copy)</span>")
        }
        if outputs.outputs.contains(where: \.isSensitive), visit.caller.name == details.workspace.ownerName {
            ways.append(
                visit.form(
                    RevealOutputs.self,
                    "Show what is sensitive",
                    [("workspace", "\(details.workspace.id)")],
                    showsAnswer: true
                )
            )
        }
        let values = outputs.outputs.map { output -> (name: String, value: Markup) in
            (output.name, output.isSensitive ? "<span class=\"soft\">sensitive</span>" : "<code>\(output.text)</code>")
        }
        return "<section><h2>Outputs</h2><div class=\"ways\">\(ways)</div>\(.facts(values))</section>"
    }

    private static func facts(_ details: WorkspaceDetails, _ visit: ConsoleVisit) -> Markup {
        let workspace = details.workspace
        var facts: [(name: String, value: Markup)] = [
            ("Owner", Markup(workspace.isPrebuild ? "nobody yet: it is in the pool" : workspace.ownerName)),
            ("Template", .link(workspace.templateName, ConsoleAddress.of("templates", workspace.templateName))),
            ("Version", Markup(details.versionName)), ("Organization", Markup(details.organizationName)),
            ("Created", visit.moment(workspace.createdAt)), ("Claimed", visit.moment(workspace.claimedAt)),
            ("Id", .identifier("\(workspace.id)")),
        ]
        if !workspace.presetName.isEmpty {
            let pool = ConsoleAddress.of("pools", workspace.templateName, workspace.presetName)
            facts.insert(("Preset", .link(workspace.presetName, pool)), at: 2)
        }
        if let claim = details.claim {
            let isHit = claim.outcome == .hit
            facts.append(("Came from", isHit ? "a ready prebuild" : "a build of its own: \(claim.reason)"))
            facts.append(("Usable after", visit.span(claim.claimedAt, claim.usableAt)))
        }
        return .facts(facts)
    }

    private static func agents(_ details: WorkspaceDetails, _ visit: ConsoleVisit) -> Markup {
        guard !details.agents.isEmpty else { return .none }
        let agents = details.agents.map { agent -> (name: String, value: Markup) in
            let tone: Tone = agent.state == .ready ? .good : agent.state.text.hasSuffix("error") ? .bad : .busy
            return (agent.name, .pill(agent.state.text.replacing("_", with: " "), tone))
        }
        return "<section><h2>Agents</h2>\(.facts(agents))</section>"
    }

    private static func builds(_ details: WorkspaceDetails, _ visit: ConsoleVisit) -> Markup {
        var table = ConsoleTable(
            columns: [
                .init(title: "Status", kind: "state"), .init(title: "Build", kind: "name"), .init(title: "Reason"),
                .init(title: "Version"), .init(title: "Created", kind: "number"), .init(title: "Error", kind: "why"),
            ],
            empty: "It has no build."
        )
        table.rows = details.builds.map { build in
            ConsoleTable.Row(
                id: "build-\(build.number)",
                cells: [
                    .pill(build.status.text, JobTone.of(build.status)),
                    .link("\(build.number): \(build.transition)", ConsoleAddress.of("jobs", "\(build.jobID)")),
                    Markup(build.reason.text.replacing("_", with: " ")), Markup(build.versionName),
                    visit.moment(build.createdAt),
                    Markup(build.error.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""),
                ]
            )
        }
        return table.drawn()
    }

    private static func resources(_ details: WorkspaceDetails) -> Markup {
        guard !details.resources.isEmpty else { return .none }
        var table = ConsoleTable(columns: [.init(title: "Resource", kind: "name"), .init(title: "Type")])
        table.rows = details.resources.enumerated().map { index, resource in
            ConsoleTable.Row(id: "resource-\(index)", cells: [Markup(resource.address), Markup(resource.type)])
        }
        return "<section><h2>Resources</h2>\(table.drawn())</section>"
    }

    private static func parameters(_ details: WorkspaceDetails) -> Markup {
        guard !details.parameters.isEmpty else { return .none }
        let facts = details.parameters.map { (name: $0.name, value: "<code>\($0.value)</code>" as Markup) }
        return "<section><h2>Parameters</h2>\(.facts(facts))</section>"
    }
}

extension WorkspaceOutputs.Output {
    fileprivate var text: String { value.map { $0.text ?? $0.json } ?? "" }
}
