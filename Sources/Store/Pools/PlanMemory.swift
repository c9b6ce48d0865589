// SPDX-License-Identifier: Apache-2.0

import Domain
package import Prebuilds
import Synchronization

/// A cache of the decisions that are recorded, so that a pass of this process records nothing when nothing has changed.
///
/// Workers take turns at passes: what another one has recorded since is unknown, preset by preset.
package final class PlanMemory: Sendable {
    private struct Recollection {
        /// The newest row of `prebuild_decisions` at the end of the pass; 0: there was none.
        var lastDecision: Int64
        var plans: [PresetID: PresetPlan]
    }

    private let recollection = Mutex<Recollection?>(nil)
    private let led = Mutex(false)

    package init() {}

    /// Whether this process was the leader when it last tried to make a pass.
    package var hasLed: Bool {
        get { led.withLock { $0 } }
        set { led.withLock { $0 = newValue } }
    }

    /// How far the record is known; `nil`: not at all.
    package var lastDecision: Int64? { recollection.withLock { $0?.lastDecision } }

    /// The presets whose plan may differ from the recorded one.
    ///
    /// - Parameter record: Since ``lastDecision``.
    package func news(in plan: Plan, beside record: DecisionRecord) -> [PresetPlan] {
        recollection.withLock { recollection in
            guard let recollection, let changed = record.changed else { return plan.presets }
            return plan.presets.filter { preset in
                let id = preset.pool.presetID
                return changed.contains(id) || recollection.plans[id] != preset
            }
        }
    }

    /// To be called after the pass was committed. For a paused fleet nothing was recorded.
    ///
    /// - Parameter record: As in ``news(in:beside:)``.
    package func remember(_ plan: Plan, _ applied: AppliedPlan, beside record: DecisionRecord) {
        guard plan.pause == nil else { return }
        recollection.withLock { recollection in
            var plans: [PresetID: PresetPlan] = [:]
            if !plan.isWhole {
                guard let known = recollection?.plans, let changed = record.changed else { return }
                plans = changed.isEmpty ? known : known.filter { !changed.contains($0.key) }
                recollection = nil
            }
            for preset in plan.presets {
                let id = preset.pool.presetID
                // Nothing was recorded for one that failed.
                plans[id] = applied.failures[id] == nil ? preset : nil
            }
            recollection = Recollection(lastDecision: applied.lastDecision ?? record.last ?? 0, plans: plans)
        }
    }
}
