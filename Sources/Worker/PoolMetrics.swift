// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import Telemetry
import Time

/// The state of the pools, exported by the worker that is the fleet's reporter.
///
/// Each publication replaces the one before, so that the series of a removed pool disappear. What is not published again
/// ends after the lifetime.
struct PoolMetrics: Sendable {
    private let registry: MetricsRegistry
    /// For how long a publication is exported.
    private let lifetime: Duration

    init(registry: MetricsRegistry, lifetime: Duration = .seconds(60)) {
        self.registry = registry
        self.lifetime = lifetime
    }

    /// Presets of the same names (versions of one template) are added up. Of those that are not active, only the stuck
    /// prebuilds are exported.
    ///
    /// - Parameters:
    ///   - limit: For how long this worker may export them, where that is shorter than the lifetime.
    ///   - now: The beginning of the lifetime.
    func publish(_ plan: Plan, atMost limit: Duration? = nil, now: ContinuousClock.Instant = .now) {
        var samples = [
            GaugeSample(MetricCatalogue.reconciliationPaused, [], plan.pause == nil ? 0 : 1),
            GaugeSample(MetricCatalogue.maintenance, [], plan.pause?.kind == .maintenance ? 1 : 0),
            GaugeSample(MetricCatalogue.snapshotTimestamp, [], Double(plan.now.microseconds) / 1_000_000),
            GaugeSample(MetricCatalogue.prebuildsOrphaned, [], Double(plan.orphans?.count ?? 0)),
        ]
        let named = Dictionary(grouping: plan.presets) {
            [$0.pool.templateName, $0.pool.presetName, $0.pool.organizationName]
        }
        for (labels, presets) in named {
            for (status, stuck) in [("failed", presets.sum(\.failed)), ("canceled", presets.sum(\.canceled))]
            where stuck > 0 {
                samples.append(GaugeSample(MetricCatalogue.prebuildsStuck, labels + [status], stuck))
            }
            let active = presets.filter(\.isActive)
            guard !active.isEmpty else { continue }
            samples += [
                GaugeSample(MetricCatalogue.prebuildsDesired, labels, active.sum(\.desired)),
                GaugeSample(MetricCatalogue.prebuildsRunning, labels, active.sum(\.actual)),
                GaugeSample(MetricCatalogue.prebuildsEligible, labels, active.sum(\.eligible)),
                GaugeSample(MetricCatalogue.prebuildsStarting, labels, active.sum(\.starting)),
            ]
            let marks = [
                (MetricCatalogue.presetHardLimited, active.contains { $0.status == .hardLimited }),
                (MetricCatalogue.presetValidationFailed, active.contains { $0.status == .validationFailed }),
                (MetricCatalogue.presetPaused, active.contains(where: \.isPaused)),
                (MetricCatalogue.autoscaleFallback, active.contains { $0.size?.autoscale?.fallback != nil }),
                (MetricCatalogue.poolOverridden, active.contains { $0.size?.override != nil }),
            ]
            samples += marks.filter(\.1).map { GaugeSample($0.0, labels, 1) }
            let targets = active.compactMap { $0.size?.autoscale?.target }
            if !targets.isEmpty {
                samples.append(GaugeSample(MetricCatalogue.prebuildsTarget, labels, Double(targets.reduce(0, +))))
            }
        }
        registry.publish("pools", samples, for: limit.map { min($0, lifetime) } ?? lifetime, now: now)
    }

    /// Stops exporting them at once, for a worker that drains.
    func withdraw() {
        registry.withdraw("pools")
    }
}

extension [PresetPlan] {
    fileprivate func sum(_ count: KeyPath<PoolState, Int>) -> Double {
        Double(reduce(0) { $0 + $1.state[keyPath: count] })
    }
}
