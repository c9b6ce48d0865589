// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Prebuilds
import Store

/// All pools, the worst first: filtered, sorted and in parts by the address.
struct PoolsPage: ConsolePage {
    static let path = "/pools"
    static let area = ConsoleArea.pools

    static func address(_ pool: PlanReport.Preset) -> String {
        ConsoleAddress.of("pools", pool.templateName, pool.presetName)
    }

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        let pools = try await Self.pools(visit)
        let wanted = Self.filtered(pools, visit.address)
        let sorted = Self.sorted(wanted, by: visit.address["sort"])
        let counts = Dictionary(grouping: pools, by: \.health).mapValues(\.count)
        var list = ConsoleList(title: "Pools", table: .none)
        list.searchHint = "template, preset or organization"
        list.choices = [
            ConsoleList.Choice(
                name: "status",
                label: "Status",
                options: [
                    ("", "any (\(pools.count))"), ("trouble", "in trouble (\(pools.count(where: Self.isInTrouble)))"),
                ]
                    + PoolHealth.allCases.compactMap { health in
                        counts[health].map { (health.rawValue, "\(health.words) (\($0))") }
                    }
            ),
            ConsoleList.Choice(
                name: "template",
                label: "Template",
                options: [("", "any")] + Set(pools.map(\.templateName)).sorted().prefix(200).map { ($0, $0) }
            ),
        ]
        let shown = list.cut(sorted, at: visit.address)
        list.summary = wanted.count == pools.count ? "\(pools.count) pools" : "\(wanted.count) of \(pools.count) pools"
        list.table = Self.table(shown, visit, isEmpty: pools.isEmpty)
        list.bulk = [
            visit.may(ResetPresets.self) ? visit.chosenForm : .none,
            visit.chosen(ResetPresets.self, "Lift the hard limit", done: "The pools try again."),
            visit.chosen(
                InvalidatePresets.self,
                "Replace all prebuilds",
                question: "Every prebuild of the chosen pools is deleted and built anew.",
                done: "The prebuilds are replaced.",
                isDangerous: true
            ),
        ]
        return list.drawn(at: visit.address)
    }

    /// As the plan has them; for members, as they see presets.
    static func pools(_ visit: ConsoleVisit) async throws -> [Pool] {
        if visit.may(ShowStatus.self) { return try await visit.status().plan.presets.map { Pool($0, visit) } }
        return try await visit.ask(ListPresets()).compactMap { Pool($0) }
    }

    private static func isInTrouble(_ pool: Pool) -> Bool { PoolTone.needsSomebody(pool.health) }

    private static func filtered(_ pools: [Pool], _ address: ConsoleAddress) -> [Pool] {
        let words = (address["q"] ?? "").lowercased().split(separator: " ")
        return pools.filter { pool in
            let fits =
                switch address["status"] {
                case nil: true
                case "trouble"?: isInTrouble(pool)
                case let status?: pool.health.rawValue == status
                }
            let text = "\(pool.templateName)/\(pool.presetName) \(pool.organizationName)".lowercased()
            return fits && address["template"].map { $0 == pool.templateName } ?? true
                && words.allSatisfy { text.contains($0) }
        }
    }

    private static func sorted(_ pools: [Pool], by order: String?) -> [Pool] {
        let isUp = order?.hasPrefix("-") ?? false
        let key = order.map { isUp ? String($0.dropFirst()) : $0 }
        func rank(_ pool: Pool) -> Int {
            switch key {
            case "desired": -pool.state.desired
            case "ready": -pool.state.eligible
            case "missing": pool.state.eligible - pool.state.desired
            case "starting": -pool.state.starting
            case "failed": -pool.state.failed
            case "name": 0
            default: pool.rank
            }
        }
        let keyed = pools.map { (rank($0) * (isUp ? -1 : 1), "\($0.templateName)/\($0.presetName)", $0) }
        let names: (String, String) -> Bool = key == "name" && isUp ? (>) : (<)
        return keyed.sorted { $0.0 == $1.0 ? names($0.1, $1.1) : $0.0 < $1.0 }.map(\.2)
    }

    private static func table(_ pools: ArraySlice<Pool>, _ visit: ConsoleVisit, isEmpty: Bool) -> Markup {
        var table = ConsoleTable(
            columns: [
                .init(title: "Status", kind: "state"), .init(title: "Pool", kind: "name", sort: "name"),
                .init(title: "Ready", kind: "number", sort: "ready"),
                .init(title: "Desired", kind: "number", sort: "desired"),
                .init(title: "Starting", kind: "number", sort: "starting"),
                .init(title: "Failed", kind: "number", sort: "failed"), .init(title: "Why", kind: "why"),
            ],
            empty: isEmpty
                ? "There are no pools. Push a template with presets: <code>stoker templates push DIR</code>"
                : "No pool fits the filter.",
            chooses: visit.may(ResetPresets.self) ? "target" : ""
        )
        table.rows = pools.map { pool in
            ConsoleTable.Row(
                id: "pool-\(pool.id)",
                cells: [
                    .pill(pool.health.words, PoolTone.of(pool.health)),
                    """
                    <a href="\(ConsoleAddress.of("pools", pool.templateName, pool.presetName))">\
                    \(pool.templateName)/<wbr>\(pool.presetName)</a>
                    """,
                    "\(pool.state.eligible)", "\(pool.state.desired)", quiet(pool.state.starting),
                    quiet(pool.state.failed), pool.reason,
                ],
                choice: pool.id
            )
        }
        return table.drawn(at: visit.address)
    }

    /// Zeros are not what one looks for.
    private static func quiet(_ count: Int) -> Markup { count == 0 ? "<span class=\"soft\">0</span>" : "\(count)" }
}

extension PoolsPage {
    /// A pool as the list shows it.
    struct Pool: Sendable {
        let id: String
        let templateName: String
        let presetName: String
        let organizationName: String
        let health: PoolHealth
        let state: PoolState
        let rank: Int
        let reason: Markup

        init(_ pool: PlanReport.Preset, _ visit: ConsoleVisit) {
            id = "\(pool.presetID)"
            templateName = pool.templateName
            presetName = pool.presetName
            organizationName = pool.organizationName
            health = pool.health
            state = pool.state
            rank = PoolTone.rank(pool)
            reason = PoolTone.reason(pool, now: visit.now)
        }

        /// `nil`: the preset has no pool.
        init?(_ report: PresetReport) {
            guard let state = report.state, let health = report.health else { return nil }
            id = "\(report.preset.id)"
            templateName = report.preset.templateName
            presetName = report.preset.name
            organizationName = report.preset.organizationName
            self.health = health
            self.state = state
            rank = PoolTone.needsSomebody(health) ? 0 : 1
            reason = (report.withheld ?? []).map { Markup($0.message) }.joined(by: "<br>")
        }
    }
}
