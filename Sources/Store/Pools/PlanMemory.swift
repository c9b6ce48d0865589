// SPDX-License-Identifier: Apache-2.0

import Domain
package import Prebuilds
import Synchronization

/// A cache of the last pass of this process, so that the next one records nothing when nothing has changed.
///
/// It is valid only while no other process has recorded a decision since: workers take turns at passes.
package final class PlanMemory: Sendable {
    private struct Recollection {
        /// The newest row of `prebuild_decisions` at the end of the pass; `nil`: there was none.
        var lastDecision: Int64?
        var plans: [PresetID: PresetPlan]
    }

    private let recollection = Mutex<Recollection?>(nil)

    package init() {}

    /// The presets whose plan may differ from the recorded one.
    ///
    /// - Parameter lastDecision: The newest row of `prebuild_decisions`.
    package func news(in plan: Plan, since lastDecision: Int64?) -> [PresetPlan] {
        recollection.withLock { recollection in
            guard let recollection, recollection.lastDecision == lastDecision else { return plan.presets }
            return plan.presets.filter { recollection.plans[$0.pool.presetID] != $0 }
        }
    }

    /// To be called after the pass was committed. For a paused fleet nothing was recorded.
    ///
    /// - Parameter lastDecision: As in ``news(in:since:)``.
    package func remember(_ plan: Plan, _ applied: AppliedPlan, since lastDecision: Int64?) {
        guard plan.pause == nil else { return }
        var plans = Dictionary(plan.presets.map { ($0.pool.presetID, $0) }) { first, _ in first }
        // Nothing was recorded for these.
        for preset in applied.failures.keys { plans[preset] = nil }
        recollection.withLock {
            $0 = Recollection(lastDecision: applied.lastDecision ?? lastDecision, plans: plans)
        }
    }
}
