// SPDX-License-Identifier: Apache-2.0

/// Facts about the pools, exported by the worker that last held the reconciler's lock.
///
/// Each ``publish(_:paused:snapshotSeconds:)`` takes the place of the one before, so that a pool that is gone vanishes. A
/// worker that does not win the lock any more stops exporting them after ``lifetime``.
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
            isPaused: Bool = false
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
    ///   - pools: Those of active presets. Several of the same names (versions of one template) are added up.
    ///   - snapshotSeconds: Seconds since the Unix epoch, in database time, at which all this was true.
    ///   - inMaintenance: Whether the pause is a maintenance, in which no jobs are claimed either.
    ///   - limit: For how long this worker may tell it, where that is less than ``lifetime``.
    ///   - now: From when the lifetime counts.
    package func publish(
        _ pools: [Pool],
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
        ]
        let named = Dictionary(grouping: pools) { [$0.templateName, $0.presetName, $0.organizationName] }
        for (labels, pools) in named {
            func sum(_ count: KeyPath<Pool, Int>) -> Double { Double(pools.reduce(0) { $0 + $1[keyPath: count] }) }
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
