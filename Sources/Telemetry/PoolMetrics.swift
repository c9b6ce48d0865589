// SPDX-License-Identifier: Apache-2.0

/// Facts about the pools, exported by the worker that last held the reconciler's lock.
///
/// Each publication replaces the one before, so that the series of a removed pool disappear.
/// A worker that no longer wins the lock stops exporting them after ``lifetime``.
package struct PoolMetrics: Sendable {
    /// The state of one pool.
    package struct Pool: Hashable, Sendable {
        package var templateName: String
        package var presetName: String
        package var organizationName: String
        package var desired: Int
        package var running: Int
        package var eligible: Int
        package var starting: Int
        package var isHardLimited: Bool
        package var isInvalid: Bool
        package var isPaused: Bool
        /// Whether the pool shall be kept filled; of other pools only the stuck prebuilds are exported.
        package var isActive: Bool
        /// Prebuilds whose latest build failed, or was canceled.
        package var failed: Int
        package var canceled: Int

        package init(
            templateName: String,
            presetName: String,
            organizationName: String,
            desired: Int,
            running: Int,
            eligible: Int,
            starting: Int,
            isHardLimited: Bool = false,
            isInvalid: Bool = false,
            isPaused: Bool = false,
            isActive: Bool = true,
            failed: Int = 0,
            canceled: Int = 0
        ) {
            self.templateName = templateName
            self.presetName = presetName
            self.organizationName = organizationName
            self.desired = desired
            self.running = running
            self.eligible = eligible
            self.starting = starting
            self.isHardLimited = isHardLimited
            self.isInvalid = isInvalid
            self.isPaused = isPaused
            self.isActive = isActive
            self.failed = failed
            self.canceled = canceled
        }
    }

    private let registry: MetricsRegistry
    /// For how long a publication is exported.
    package let lifetime: Duration

    package init(registry: MetricsRegistry, lifetime: Duration = .seconds(60)) {
        self.registry = registry
        self.lifetime = lifetime
    }

    /// - Parameters:
    ///   - pools: Several of the same names (versions of one template) are added up.
    ///   - orphaned: Prebuilds that belong to none of them.
    ///   - snapshotSeconds: Seconds since the Unix epoch, in database time, at which all this was true.
    ///   - inMaintenance: Whether the pause is a maintenance, in which no jobs are claimed either.
    ///   - limit: For how long this worker may export them, where that is shorter than ``lifetime``.
    ///   - now: The beginning of the lifetime.
    package func publish(
        _ pools: [Pool],
        orphaned: Int = 0,
        paused: Bool,
        inMaintenance: Bool = false,
        snapshotSeconds: Double,
        atMost limit: Duration? = nil,
        now: ContinuousClock.Instant = .now
    ) {
        var samples = [
            GaugeSample(MetricCatalogue.reconciliationPaused, [], paused ? 1 : 0),
            GaugeSample(MetricCatalogue.maintenance, [], inMaintenance ? 1 : 0),
            GaugeSample(MetricCatalogue.snapshotTimestamp, [], snapshotSeconds),
            GaugeSample(MetricCatalogue.prebuildsOrphaned, [], Double(orphaned)),
        ]
        let named = Dictionary(grouping: pools) { [$0.templateName, $0.presetName, $0.organizationName] }
        for (labels, pools) in named {
            func sum(_ count: KeyPath<Pool, Int>) -> Double { Double(pools.reduce(0) { $0 + $1[keyPath: count] }) }
            for (status, stuck) in [("failed", sum(\.failed)), ("canceled", sum(\.canceled))] where stuck > 0 {
                samples.append(GaugeSample(MetricCatalogue.prebuildsStuck, labels + [status], stuck))
            }
            guard pools.contains(where: \.isActive) else { continue }
            samples += [
                GaugeSample(MetricCatalogue.prebuildsDesired, labels, sum(\.desired)),
                GaugeSample(MetricCatalogue.prebuildsRunning, labels, sum(\.running)),
                GaugeSample(MetricCatalogue.prebuildsEligible, labels, sum(\.eligible)),
                GaugeSample(MetricCatalogue.prebuildsStarting, labels, sum(\.starting)),
            ]
            if pools.contains(where: \.isHardLimited) {
                samples.append(GaugeSample(MetricCatalogue.presetHardLimited, labels, 1))
            }
            if pools.contains(where: \.isInvalid) {
                samples.append(GaugeSample(MetricCatalogue.presetValidationFailed, labels, 1))
            }
            if pools.contains(where: \.isPaused) {
                samples.append(GaugeSample(MetricCatalogue.presetPaused, labels, 1))
            }
        }
        registry.publish("pools", samples, for: limit.map { min($0, lifetime) } ?? lifetime, now: now)
    }

    /// Stops exporting them at once, for a worker that drains.
    package func withdraw() {
        registry.withdraw("pools")
    }
}
