// SPDX-License-Identifier: Apache-2.0

import Domain
import Metrics
package import Operations
import Prebuilds
import Store
package import Telemetry
import Time

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
            count(
                pass: plan.pause == nil
                    ? (applied.failures.isEmpty && plan.unreadable.isEmpty ? "done" : "partly") : "paused"
            )
            MetricCatalogue.reconcileDuration.timer(factory: registry).record(duration: duration)
            count(applied.created, of: plan)
            publish(plan, for: applied.reporterLease, since: .now - duration)
        }
    }

    /// Stops exporting the pools, when the worker drains.
    package func rest() {
        pools.withdraw()
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

    private func publish(_ plan: Plan, for lease: Duration, since: ContinuousClock.Instant) {
        guard lease > .zero else { return pools.withdraw() }
        pools.publish(
            plan.presets.map(PoolMetrics.Pool.init),
            orphaned: plan.orphans?.count ?? 0,
            paused: plan.pause != nil,
            inMaintenance: plan.pause?.kind == .maintenance,
            snapshotSeconds: Double(plan.now.microseconds) / 1_000_000,
            atMost: lease,
            now: since
        )
    }
}

extension PoolMetrics.Pool {
    fileprivate init(_ plan: PresetPlan) {
        self.init(
            templateName: plan.pool.templateName,
            presetName: plan.pool.presetName,
            organizationName: plan.pool.organizationName,
            desired: plan.state.desired,
            running: plan.isActive ? plan.state.actual : 0,
            eligible: plan.state.eligible,
            starting: plan.isActive ? plan.state.starting : 0,
            isHardLimited: plan.isActive && plan.status == .hardLimited,
            isInvalid: plan.isActive && plan.status == .validationFailed,
            isPaused: plan.isActive && plan.isPaused,
            isActive: plan.isActive,
            failed: plan.state.failed,
            canceled: plan.state.canceled
        )
    }
}
