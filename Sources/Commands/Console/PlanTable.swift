// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import Operations
import Prebuilds

/// A plan as text: the pools, and below them the actions and what is withheld, with the reason for each.
struct PlanTable {
    let plan: PlanReport

    var text: String {
        ([plan.pause.map { Self.sentence($0) + "\n" }, pools] + reasons).compactMap(\.self).joined(separator: "\n")
    }

    private var pools: String {
        Table(
            plan.presets,
            empty: "There are no pools. Push a template with 'stoker templates push DIR'.",
            [
                .init("template") { $0.templateName },
                .init("preset") { $0.presetName },
                .init("status") { $0.health.words },
                .init("desired") { "\($0.state.desired)" },
                .init("eligible") { "\($0.state.eligible)" },
                .init("actual") { "\($0.state.actual)" },
                .init("starting") { "\($0.state.starting)" },
                .init("deleting") { "\($0.state.deleting)" },
            ]
        ).text
    }

    private var reasons: [String] {
        let lines = plan.presets.flatMap { preset in
            let pool = "\(preset.templateName)/\(preset.presetName)"
            let failure = preset.lastFailure.map { "  \(pool): \($0.sentence(at: plan.now))" }
            return [failure, Self.demand(preset.state).map { "  \(pool): \($0)" }].compactMap(\.self)
                + (preset.size?.sentences ?? []).map { "  \(pool): \($0)" }
                + preset.actions.map { "  \(pool): \(Self.sentence($0))" }
                + preset.withheld.map { "  \(pool): \(Self.sentence($0))" }
                + (preset.warnings ?? []).map { "  \(pool): warning: \($0)" }
                + [Self.stuck(preset.state)].compactMap(\.self).map { "  \(pool): \($0)" }
        }
        let blind =
            (plan.unreadable ?? []).map { "  \($0.sentence)" }
            + [plan.orphaned.map { "  \($0.message)" }].compactMap(\.self)
        return lines.isEmpty && blind.isEmpty ? [] : [""] + (lines + blind).map(Printable.line)
    }

    /// The claims that wait; `nil`: none.
    private static func demand(_ state: PoolState) -> String? {
        guard state.waiting > 0 else { return nil }
        return state.waiting == 1
            ? "1 claim waits for a prebuild: one more is wanted"
            : "\(state.waiting) claims wait for prebuilds: so many more are wanted"
    }

    /// The prebuilds that no pass touches, for the operator's attention; `nil`: none.
    private static func stuck(_ state: PoolState) -> String? {
        let counts = [(state.failed, "failed"), (state.canceled, "was canceled")].filter { $0.0 > 0 }
        guard !counts.isEmpty else { return nil }
        let what = counts.map { "\($0.0) whose latest build \($0.1)" }.joined(separator: ", ")
        return "stuck: \(what); see 'stoker prebuilds list', then delete them or 'stoker jobs retry'"
    }

    /// Who paused the fleet, until when, and why.
    static func sentence(_ pause: FleetPause) -> String {
        let what = pause.kind == .maintenance ? "The fleet is in maintenance" : "The reconciler is paused"
        let until = pause.until.map { " until \(Shown.time($0))" } ?? ""
        let who = pause.orderedBy.map { ", by \($0)" } ?? ""
        return Printable.line("\(what)\(until)\(who)\(pause.reason.isEmpty ? "." : ": \(pause.reason)")")
    }

    private static func sentence(_ action: PlanReport.Action) -> String {
        let count = action.count ?? action.workspaceIDs?.count ?? 0
        return "\(action.type) \(count)\(action.reason.map { ": \($0.rawValue)" } ?? "")"
    }

    private static func sentence(_ withheld: Withheld) -> String {
        let until = withheld.until.map { " until \(Shown.time($0))" } ?? ""
        return "\(withheld.change.rawValue) \(withheld.count) withheld\(until): "
            + "\(withheld.reason.rawValue): \(withheld.message)"
    }
}
