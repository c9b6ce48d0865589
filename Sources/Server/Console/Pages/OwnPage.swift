// SPDX-License-Identifier: Apache-2.0

import Operations
import Prebuilds
import Store

extension OverviewPage {
    /// For members: what they can claim, and what they have.
    static func own(_ visit: ConsoleVisit) async throws -> PageContent {
        let workspaces = visit.may(ListWorkspaces.self) ? try await visit.ask(ListWorkspaces(limit: 20)).elements : []
        let presets = visit.may(ListPresets.self) ? try await visit.ask(ListPresets()) : []
        let mine = WorkspacesPage.table(workspaces, visit, showsOwner: false)
        let offered = Self.offered(presets, visit)
        let main: Markup = """
            <header class="head"><h1>Hello \(visit.caller.name)</h1>\
            <div class="actions">\(WorkspacesPage.claim(presets, visit))</div></header>
            <section><h2>Your workspaces</h2>\(mine)</section>
            <section><h2>What you can claim</h2>\(offered)</section>
            """
        return PageContent(title: "Overview", main: main)
    }

    private static func offered(_ presets: [PresetReport], _ visit: ConsoleVisit) -> Markup {
        var table = ConsoleTable(
            columns: [
                .init(title: "Ready now", kind: "state"), .init(title: "Template", kind: "name"),
                .init(title: "Preset"), .init(title: "Why not", kind: "why"),
            ],
            empty: "There is nothing to claim yet. Ask whoever runs Stoker to push a template."
        )
        table.rows = presets.map { report in
            let ready = report.state?.eligible ?? 0
            let tone: Tone = ready > 0 ? .good : report.health == nil ? .calm : .warn
            let text = ready > 0 ? "\(ready) ready" : report.health == nil ? "built when claimed" : "none ready"
            return ConsoleTable.Row(
                id: "preset-\(report.preset.id)",
                cells: [
                    .pill(text, tone), Markup(report.preset.templateName),
                    Markup(report.preset.name + (report.preset.isDefault ? " (default)" : "")),
                    Markup((report.withheld ?? []).map(\.message).joined(separator: " ")),
                ]
            )
        }
        return table.drawn()
    }
}
