// SPDX-License-Identifier: Apache-2.0

import Domain
import Metrics
package import Operations
import Prebuilds
import Store
package import Telemetry

/// The metrics of the reconciler's passes.
///
/// Every worker counts its own actions. Only one worker publishes the state of the pools for the whole fleet, so that a
/// sum over all workers is correct: the one with a ``AppliedPlan/reporterLease``, as long as it is valid.
package struct PassMetrics: Sendable {
    private let registry: MetricsRegistry
    private let pools: PoolMetrics

    package init(registry: MetricsRegistry) {
        self.registry = registry
        pools = PoolMetrics(registry: registry)
    }

    /// Call it as soon as the pass has ended.
    package func record(_ result: Result<PassResult, any Error>, lasting duration: Duration) {
        switch result {
        case .failure:
            count(pass: "failed")
        case .success(.lockHeldElsewhere):
            count(pass: "held_elsewhere")
        case .success(.done(let plan, let applied)):
            count(pass: outcome(plan, applied))
            count(applied.created, of: plan)
            // A pass for some pools knows nothing of the others.
            guard plan.isWhole else { return }
            MetricCatalogue.reconcileDuration.timer(factory: registry).record(duration: duration)
            let lease = applied.reporterLease
            if lease > .zero {
                pools.publish(plan, atMost: lease, now: .now - duration)
            } else {
                pools.withdraw()
            }
        }
    }

    /// Stops exporting the pools, when the worker drains.
    package func rest() {
        pools.withdraw()
    }

    private func outcome(_ plan: Plan, _ applied: AppliedPlan) -> String {
        if plan.pause != nil { return "paused" }
        guard applied.failures.isEmpty, plan.unreadable.isEmpty else { return "partly" }
        return plan.isWhole ? "done" : "restricted"
    }

    private func count(pass outcome: String) {
        MetricCatalogue.reconcilePasses.counter(outcome, factory: registry).increment()
    }

    private func count(_ created: [PresetID: Int], of plan: Plan) {
        for preset in plan.presets {
            guard let count = created[preset.pool.presetID], count > 0 else { continue }
            let pool = preset.pool
            MetricCatalogue.prebuildsCreated
                .counter(pool.templateName, pool.presetName, pool.organizationName, factory: registry)
                .increment(by: Int64(count))
        }
    }
}
