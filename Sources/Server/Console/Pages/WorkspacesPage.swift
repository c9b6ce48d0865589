// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Prebuilds
import Store

/// Workspaces, the newest first: one's own, and for owners everybody's.
struct WorkspacesPage: ConsolePage {
    static let path = "/workspaces"
    static let area = ConsoleArea.workspaces

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        let seesOthers = visit.caller.has(.templateAdmin)
        let address = visit.address
        let (page, notice) = try await visit.list(
            ListWorkspaces(
                owner: address["owner"],
                template: address["template"],
                status: address["status"].flatMap { JobStatus(rawValue: $0) },
                limit: 100,
                cursor: address["cursor"]
            )
        )
        let presets =
            visit.may(ListPresets.self) && visit.may(ClaimWorkspace.self) ? try await visit.ask(ListPresets()) : []
        var list = ConsoleList(title: "Workspaces", table: .none)
        if seesOthers { list.texts.append(("owner", "Owner")) }
        list.texts.append(("template", "Template"))
        list.choices = [
            .init(
                name: "status",
                label: "Latest build",
                options: [("", "any")] + JobStatus.allCases.map { ($0.rawValue, $0.rawValue) }
            )
        ]
        list.above = notice
        list.actions = Self.claim(presets, visit)
        list.table = Self.table(page.elements, visit, showsOwner: seesOthers)
        list.follow(page.next, at: visit.address)
        return list.drawn(at: visit.address)
    }

    static func table(_ workspaces: [WorkspaceSummary], _ visit: ConsoleVisit, showsOwner: Bool) -> Markup {
        var columns: [ConsoleTable.Column] = [.init(title: "State", kind: "state"), .init(title: "Name", kind: "name")]
        if showsOwner { columns.append(.init(title: "Owner")) }
        columns += [
            .init(title: "Template"), .init(title: "Since", kind: "number"), .init(title: "Id", kind: "number"),
        ]
        var table = ConsoleTable(
            columns: columns,
            empty: "There is no workspace here. Claim one: a ready one is yours at once."
        )
        table.rows = workspaces.map { workspace in
            let owner = showsOwner ? [Markup(workspace.isPrebuild ? "(pool)" : workspace.ownerName)] : []
            return ConsoleTable.Row(
                id: "workspace-\(workspace.id)",
                cells: [
                    state(workspace), .link(workspace.name, ConsoleAddress.of("workspaces", "\(workspace.id)")),
                ] + owner + [
                    "\(workspace.templateName)<span class=\"soft\">/<wbr>\(workspace.presetName)</span>",
                    visit.moment(workspace.claimedAt ?? workspace.createdAt), .identifier("\(workspace.id)"),
                ]
            )
        }
        return table.drawn()
    }

    /// What its latest build has made of it.
    static func state(_ workspace: WorkspaceSummary) -> Markup {
        let status = workspace.status
        switch (workspace.transition.known, status.known) {
        case (.start?, .succeeded?): return .pill("running", .good)
        case (.stop?, .succeeded?): return .pill("stopped", .calm)
        case (.delete?, .succeeded?): return .pill("deleted", .calm)
        case (_, .failed?): return .pill("\(workspace.transition) failed", .bad)
        case (_, .canceled?): return .pill("\(workspace.transition) canceled", .warn)
        case (.start?, _): return .pill("starting", .busy)
        case (.stop?, _): return .pill("stopping", .busy)
        case (.delete?, _): return .pill("deleting", .busy)
        case (nil, _): return .pill(status.text, .calm)
        }
    }

    /// The form that claims a workspace of a preset.
    static func claim(_ presets: [PresetReport], _ visit: ConsoleVisit) -> Markup {
        let forms = presets.prefix(500).map { report -> (value: String, label: String) in
            let ready = report.state.map { $0.eligible > 0 ? ", \($0.eligible) ready" : ", none ready" } ?? ""
            let name = "\(report.preset.templateName)/\(report.preset.name)"
            return (name, "\(name)\(ready)")
        }
        guard !forms.isEmpty else { return .none }
        var inputs: [ConsoleForm.Input] = [
            .init(name: "pool", label: "Of", kind: .choice(forms)),
            .init(name: "name", label: "Name", isRequired: true, hint: "Letters, digits and hyphens."),
        ]
        // Holders of the machine's own token are no users.
        if visit.caller.has(.owner) {
            let isUser = visit.caller.userID != nil
            inputs.append(
                .init(name: "owner", label: "For", value: isUser ? visit.caller.name : "", isRequired: true)
            )
        }
        return visit.form(
            ClaimWorkspace.self,
            "Claim a workspace",
            inputs: inputs,
            done: "The workspace is yours.",
            next: "/workspaces/{workspace_id}"
        )
    }
}
