// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Prebuilds
import Store
import Webhooks

/// What is wrong first, then the fleet in a few figures; for those who may not see the fleet, what is theirs.
struct OverviewPage: ConsolePage {
    static let path = "/"
    static let area = ConsoleArea.overview

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        guard visit.may(ShowStatus.self) else { return try await Self.own(visit) }
        let status = try await visit.status()
        let endpoints = visit.may(ListEndpoints.self) ? try await visit.ask(ListEndpoints()) : []
        let troubles = Trouble.all(status, endpoints, now: visit.now)
        let main = ConsoleTemplates.render(
            "overview",
            [
                "heading": troubles.isEmpty ? "Nothing needs you" : "What needs you",
                "troubles": Self.list(troubles, pools: status.plan.presets.count).html,
                "actions": Self.actions(visit, status.plan.pause).html,
                "tiles": Self.tiles(status, visit),
                "below": Self.queue(status, visit).html,
            ]
        )
        return PageContent(title: "Overview", main: main)
    }

    private static func list(_ troubles: [Trouble], pools: Int) -> Markup {
        guard !troubles.isEmpty else {
            let text =
                pools == 0
                ? "There are no pools yet. Push a template with presets: stoker templates push DIR"
                : "\(pools == 1 ? "The pool is" : "All \(pools) pools are") as they should be, and every worker is up."
            return "<p class=\"empty good\">\(text)</p>"
        }
        let most = 30
        let lines = troubles.prefix(most).map { trouble -> Markup in
            """
            <li>\(.pill(trouble.state, trouble.tone))<div><p class="what">\(trouble.subject)</p>\
            <p class="why">\(trouble.reason)</p></div></li>
            """
        }
        let rest: Markup =
            troubles.count > most
            ? "<p class=\"soft\">and \(troubles.count - most) more: \(.link("all pools", "/pools"))</p>" : ""
        return "<ul class=\"troubles\">\(lines)</ul>\(rest)"
    }

    private static func actions(_ visit: ConsoleVisit, _ pause: FleetPause?) -> Markup {
        let reason = ConsoleForm.Input(name: "reason", label: "Reason", hint: "Everybody sees it.")
        switch pause?.kind {
        case .maintenance?:
            return visit.form(StopMaintenance.self, "End the maintenance", done: "The maintenance has ended.")
        case .reconciliation?:
            return visit.form(ResumePrebuilds.self, "Resume all pools", done: "The pools are kept again.")
        case nil:
            let pause = visit.form(
                PausePrebuilds.self,
                "Pause all pools",
                inputs: [reason, ConsoleVisit.until("until")],
                question: "Nothing is built or deleted for any pool. People still get the prebuilds that exist.",
                done: "All pools are paused."
            )
            let maintenance = visit.form(
                StartMaintenance.self,
                "Start a maintenance",
                inputs: [reason, ConsoleVisit.until("until")],
                question: "No job begins any more, people's included. Jobs that run end as usual.",
                done: "The fleet is in maintenance.",
                isDangerous: true
            )
            return "\(pause)\(maintenance)"
        }
    }

    // MARK: Figures

    private static func tiles(_ status: FleetStatus, _ visit: ConsoleVisit) -> [TemplateValues] {
        let pools = status.plan.presets.filter { $0.health != .inactive }
        let (desired, eligible) = pools.reduce((0, 0)) {
            ($0.0 + $1.state.desired, $0.1 + min($1.state.eligible, $1.state.desired))
        }
        let overview = status.overview
        let up = overview.workers.filter { $0.state == .active }
        let (slots, busy) = (up.reduce(0) { $0 + $1.capacity }, up.reduce(0) { $0 + $1.running })
        let waiting = overview.jobs.filter { $0.status == .pending }.reduce(0) { $0 + $1.count }
        let oldest = overview.oldestPendingSeconds
        return [
            tile(
                "Ready",
                "\(eligible)",
                "of \(desired) prebuilds",
                "in \(pools.count) pools",
                "/pools",
                .meter(eligible, of: desired, tone: eligible < desired ? .warn : .good)
            ),
            tile(
                "Claims, 24 h",
                "\(overview.claims.hits)",
                "hits",
                missed(overview.claims),
                "/pools",
                .meter(overview.claims.hits, of: overview.claims.hits + overview.claims.misses, tone: .good)
            ),
            tile(
                "Jobs",
                "\(overview.running)",
                "running",
                waiting == 0 ? "none waits" : "\(waiting) wait, the oldest \(RelativeTime.length(.seconds(oldest)))",
                "/jobs",
                .none
            ),
            tile(
                "Slots",
                "\(busy)",
                "of \(slots) in use",
                up.count == 1 ? "1 worker" : "\(up.count) workers",
                "/workers",
                .meter(busy, of: slots, tone: .busy)
            ),
            tile(
                "Deliveries",
                "\(overview.deliveries.backlog)",
                "waiting",
                overview.deliveries.dead == 0 ? "none was given up" : "\(overview.deliveries.dead) were given up",
                visit.may(ListEndpoints.self) ? "/webhooks" : "/",
                .none
            ),
        ]
    }

    private static func missed(_ claims: Overview.ClaimCounts) -> String {
        guard claims.hits + claims.misses > 0 else { return "nobody claimed" }
        let share = claims.hits * 100 / (claims.hits + claims.misses)
        return "\(claims.misses) misses: \(share) % hits"
    }

    private static func tile(
        _ label: String,
        _ figure: String,
        _ unit: String,
        _ note: String,
        _ href: String,
        _ meter: Markup
    ) -> TemplateValues {
        ["label": label, "figure": figure, "unit": unit, "note": note, "href": href, "meter": meter.html]
    }

    private static func queue(_ status: FleetStatus, _ visit: ConsoleVisit) -> Markup {
        guard !status.overview.jobs.isEmpty else { return .none }
        var table = ConsoleTable(columns: [
            .init(title: "Status", kind: "state"), .init(title: "Class", kind: "name"),
            .init(title: "Jobs", kind: "number"),
        ])
        table.rows = status.overview.jobs.enumerated().map { index, count in
            ConsoleTable.Row(
                id: "queue-\(index)",
                cells: [
                    .pill(count.status.text, JobTone.of(count.status)), Markup(count.jobClass.text),
                    .link("\(count.count)", ConsoleAddress("/jobs", [("status", count.status.text)]).text),
                ]
            )
        }
        return "<section><h2>Queue</h2>\(table.drawn())</section>"
    }
}
