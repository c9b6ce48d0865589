// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Prebuilds
import Store

/// Why the next prebuild of a pool is not there yet: shown to waiting claims.
package struct ExplainRefill: Operation {
    package var template: String
    /// `nil`: the preset that a claim without a preset gets.
    package var preset: String?

    package static let route = Route(.get, "/refills/{template}", .workspaces, for: .member)
        .doing("Show why the next prebuild of a pool is not ready yet")
        .noting("A claim with `wait_for_refill` waits for the same things.")
        .taking(
            Field("template", .text(least: 1, most: 64), "Its name.", required: true),
            Field("preset", .text(most: 128), "Default: the default preset.")
        )
        .answering("The pool, and what its next prebuild waits for.", .one("Refill"))

    package init(template: String, preset: String? = nil) {
        self.template = template
        self.preset = preset
    }

    package func perform(in context: OperationContext) async throws -> RefillReport {
        let facts = try await context.store.refillFacts(ofTemplate: template, preset: preset)
        let plan = try await context.reconciliation.plan(warning: false)
        guard let pool = plan.presets.first(where: { $0.pool.presetID == facts.presetID }) else {
            let none = WaitReason("nothing_wanted", "preset '\(facts.presetName)' has no pool")
            return RefillReport(facts, health: nil, state: nil, [none])
        }
        var reasons = pool.withheld.filter { $0.change == .create }.map { WaitReason($0) }
        if let job = facts.pendingJob {
            reasons += try await context.store.pendingReasons(of: job).map { WaitReason($0) }
        }
        return RefillReport(facts, health: pool.health, state: pool.state, reasons + Self.progress(of: pool, facts))
    }

    /// What is in progress, when nothing delays it.
    private static func progress(of pool: PresetPlan, _ facts: RefillFacts) -> [WaitReason] {
        let state = pool.state
        var reasons: [WaitReason] = []
        let building = facts.running
        if building > 0 {
            let them = building == 1 ? "1 prebuild of the pool is" : "\(building) prebuilds of the pool are"
            let stage = facts.stage.isEmpty ? "" : ", one of them at '\(facts.stage)'"
            reasons.append(WaitReason("building", "\(them) being built\(stage)"))
        }
        let deaf = state.actual - state.expired - state.eligible
        if deaf > 0 {
            let them =
                deaf == 1 ? "1 prebuild runs, and its agents have" : "\(deaf) prebuilds run, and their agents have"
            reasons.append(WaitReason("agents", "\(them) not reported that they are ready"))
        }
        if state.wanted == 0, state.starting == 0, reasons.isEmpty {
            reasons.append(WaitReason("nothing_wanted", "the pool keeps no prebuilds at this time"))
        }
        return reasons
    }
}

/// A pool with waiting claims.
package struct RefillReport: Hashable, Sendable, Codable {
    package let templateName: String
    package let presetName: String
    /// This and the state are `nil` when there is no pool.
    package let health: PoolHealth?
    package let state: PoolState?
    /// The number of waiting claims.
    package let claimsWaiting: Int
    /// The reasons, most general first; empty: the next prebuild is on its way.
    package let waits: [WaitReason]

    init(_ facts: RefillFacts, health: PoolHealth?, state: PoolState?, _ waits: [WaitReason]) {
        templateName = facts.templateName
        presetName = facts.presetName
        claimsWaiting = facts.claimsWaiting
        self.health = health
        self.state = state
        self.waits = waits
    }

    private enum CodingKeys: String, CodingKey {
        case health, state
        case templateName = "template_name"
        case presetName = "preset_name"
        case claimsWaiting = "claims_waiting"
        case waits = "waits_for"
    }
}
