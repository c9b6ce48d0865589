// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Prebuilds
import Store

/// One pool: why it is as it is, what was decided, its schedule, and its prebuilds, those that failed too.
struct PoolPage: ConsolePage {
    static let path = "/pools/{template}/{preset}"
    static let area = ConsoleArea.pools

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        let (template, preset) = (try visit.name("template"), try visit.name("preset"))
        guard visit.may(ShowStatus.self) else { return try await Self.forMembers(template, preset, visit) }
        let pools = try await visit.status().plan.presets.filter {
            $0.templateName.lowercased() == template.lowercased() && $0.presetName == preset
        }
        guard let pool = pools.first(where: \.active) ?? pools.first else {
            throw Problem(.notFound, "There is no pool '\(template)/\(preset)'.")
        }
        let prebuilds = try await visit.ask(ListPrebuilds(template: pool.templateName, limit: 5_000))
            .filter { $0.presetName == preset }
        let decisions = try await visit.ask(
            ListDecisions(target: "\(pool.templateName)/\(preset)", limit: 15, cursor: visit.address["cursor"])
        )
        let main: Markup = """
            <header class="head"><h1>\(pool.templateName)/<wbr>\(pool.presetName)</h1>\
            \(.pill(pool.health.words, PoolTone.of(pool.health)))\
            <div class="actions">\(Self.actions(pool, visit))</div></header>\
            \(Self.reason(pool, visit))\(Self.facts(pool, prebuilds))\
            \(try await PoolCharts.history("\(pool.templateName)/\(preset)", visit))\
            \(try await PoolCharts.drawn(pool, visit))\
            <div class="split"><section><h2>Prebuilds</h2>\(Self.table(prebuilds, visit))</section>\
            <section><h2>Decisions</h2>\(Self.timeline(decisions, visit))</section></div>
            """
        return PageContent(title: "\(pool.templateName)/\(pool.presetName)", main: main)
    }

    private static func reason(_ pool: PlanReport.Preset, _ visit: ConsoleVisit) -> Markup {
        let reason = PoolTone.reason(pool, now: visit.now)
        guard !reason.isEmpty else { return .none }
        let look: Markup = PoolTone.of(pool.health) == .bad ? "notice bad" : "notice"
        return "<p class=\"\(look)\">\(reason)</p>"
    }

    private static func facts(_ pool: PlanReport.Preset, _ prebuilds: [PrebuildSummary]) -> Markup {
        let state = pool.state
        let versions = Set(prebuilds.filter(\.isActive).map(\.versionName)).sorted().joined(separator: ", ")
        return .facts([
            ("Ready", "\(state.eligible) of \(state.desired)"), ("Running", "\(state.actual)"),
            ("Starting", "\(state.starting)"), ("Deleting", "\(state.deleting)"), ("Expired", "\(state.expired)"),
            ("Failed", "\(state.failed)"), ("Organization", Markup(pool.organizationName)),
            ("Version", versions.isEmpty ? "–" : .link(versions, ConsoleAddress.of("templates", pool.templateName))),
            ("Id", .identifier("\(pool.presetID)")),
        ])
    }

    private static func actions(_ pool: PlanReport.Preset, _ visit: ConsoleVisit) -> Markup {
        let target = [(name: "target", value: "\(pool.presetID)")]
        let template = [(name: "template", value: pool.templateName)]
        let reset = visit.form(
            ResetPresets.self,
            pool.status == .hardLimited ? "Lift the hard limit" : "Forget its failures",
            target,
            done: "The pool tries again."
        )
        let invalidate = visit.form(
            InvalidatePresets.self,
            "Replace all prebuilds",
            target,
            question: "Every prebuild of this pool is deleted and built anew.",
            done: "The prebuilds are replaced.",
            isDangerous: true
        )
        let pause =
            pool.health == .paused
            ? visit.form(
                ResumePrebuilds.self,
                "Resume the template's pools",
                template,
                done: "The pools are kept again."
            )
            : visit.form(
                PausePrebuilds.self,
                "Pause the template's pools",
                template,
                inputs: [ConsoleVisit.until("until")],
                done: "The pools are paused."
            )
        let reconcile = visit.form(Reconcile.self, "Look at it now", done: "A pass was made.")
        return "\(reset)\(pause)\(invalidate)\(reconcile)"
    }

    private static func table(_ prebuilds: [PrebuildSummary], _ visit: ConsoleVisit) -> Markup {
        var table = ConsoleTable(
            columns: [
                .init(title: "State", kind: "state"), .init(title: "Name", kind: "name"), .init(title: "Version"),
                .init(title: "Age", kind: "number"), .init(title: "", kind: "does"),
            ],
            empty: "The pool has no prebuild at the moment."
        )
        // Those that failed first, then those that are under way, then by age.
        let sorted = prebuilds.sorted { (rank($0), $0.createdAt) < (rank($1), $1.createdAt) }
        table.rows = sorted.prefix(200).map { prebuild in
            ConsoleTable.Row(
                id: "prebuild-\(prebuild.id)",
                cells: [
                    state(prebuild), .link(prebuild.name, ConsoleAddress.of("workspaces", "\(prebuild.id)")),
                    Markup(prebuild.versionName), .span(from: prebuild.createdAt, to: nil, now: visit.now),
                    visit.form(
                        DeleteWorkspace.self,
                        "Delete",
                        [("workspace", "\(prebuild.id)")],
                        question:
                            "The prebuild \(prebuild.name) is deleted with its resources. The pool builds another.",
                        done: "The prebuild is being deleted.",
                        isDangerous: true
                    ),
                ]
            )
        }
        let more: Markup = sorted.count > 200 ? "<p class=\"soft\">and \(sorted.count - 200) more</p>" : ""
        return "\(table.drawn())\(more)"
    }

    private static func rank(_ prebuild: PrebuildSummary) -> Int {
        switch prebuild.status.known {
        case .failed?, .canceled?: 0
        case .pending?, .running?, .canceling?: 1
        case .succeeded?, nil: 2
        }
    }

    private static func state(_ prebuild: PrebuildSummary) -> Markup {
        if prebuild.isEligible { return .pill("ready", .good) }
        switch (prebuild.transition.known, prebuild.status.known) {
        case (_, .failed?): return .pill("\(prebuild.transition) failed", .bad)
        case (_, .canceled?): return .pill("\(prebuild.transition) canceled", .warn)
        case (.start?, .succeeded?):
            let waits = prebuild.waitingFor.joined(separator: ", ")
            return waits.isEmpty ? .pill("expired", .calm) : "\(.pill("waits", .busy)) <small>\(waits)</small>"
        case (.delete?, _): return .pill("deleting", .busy)
        case (_, .pending?): return .pill("waiting", .calm)
        default: return .pill("starting", .busy)
        }
    }

    private static func timeline(_ decisions: Page<PoolDecision>, _ visit: ConsoleVisit) -> Markup {
        guard !decisions.elements.isEmpty else {
            return "<p class=\"empty\">Nothing was decided about this pool yet.</p>"
        }
        let lines = decisions.elements.map { decision -> Markup in
            """
            <li id="decision-\(Int(decision.id))">\(visit.moment(decision.at))<div>\
            \(decision.sentences.map { "<p>\($0)</p>" as Markup })\
            <p class="soft">\(decision.state.eligible) ready, \(decision.state.starting) starting, \
            \(decision.state.desired) desired</p></div></li>
            """
        }
        var older: Markup = ""
        if visit.address["cursor"] != nil {
            older = "<p><a class=\"button\" href=\"\(visit.address.with("cursor", nil).text)\">Newest</a></p>"
        }
        if let next = decisions.next {
            older =
                "\(older)<p><a class=\"button\" href=\"\(visit.address.with("cursor", next).text)\">Older</a></p>"
        }
        return "<ol class=\"timeline\">\(lines)</ol>\(older)"
    }

    private static func forMembers(_ template: String, _ preset: String, _ visit: ConsoleVisit) async throws
        -> PageContent
    {
        let presets = try await visit.ask(ListPresets())
        let found = presets.first {
            $0.preset.templateName.lowercased() == template.lowercased() && $0.preset.name == preset
        }
        guard let found, let state = found.state, let health = found.health else {
            throw Problem(.notFound, "There is no pool '\(template)/\(preset)'.")
        }
        let facts = Markup.facts([
            ("Ready", "\(state.eligible) of \(state.desired)"), ("Starting", "\(state.starting)"),
            ("Version", Markup(found.preset.versionName)),
        ])
        let why = (found.withheld ?? []).map { "<p class=\"notice\">\($0.message)</p>" as Markup }
        let main: Markup = """
            <header class="head"><h1>\(template)/<wbr>\(preset)</h1>\(.pill(health.words, PoolTone.of(health)))\
            <div class="actions">\(WorkspacesPage.claim([found], visit))</div></header>\(why)\(facts)
            """
        return PageContent(title: "\(template)/\(preset)", main: main)
    }
}

extension PoolDecision {
    /// What was done and what was not, with the reasons.
    fileprivate var sentences: [Markup] {
        let done = actions.map { action -> Markup in
            let count = action.count ?? action.workspaceIDs?.count ?? 0
            let why: Markup = action.reason.map { ": \($0.rawValue.replacing("_", with: " "))" } ?? ""
            let verb =
                switch action.type {
                case "create": "built"
                case "delete": "deleted"
                default: "canceled"
                }
            return "<strong>\(count) \(verb)</strong>\(why)"
        }
        let held = withheld.map { "<strong>\($0.count) not \($0.change.done)</strong>: \($0.message)" as Markup }
        guard done.isEmpty, held.isEmpty else { return done + held }
        return ["<strong>\(state.starting > 0 ? "waits for builds" : "as it should be")</strong>"]
    }
}

extension Withheld.Change {
    fileprivate var done: String {
        switch self {
        case .create: "built"
        case .delete: "deleted"
        case .cancel: "canceled"
        }
    }
}
