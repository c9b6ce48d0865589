// SPDX-License-Identifier: Apache-2.0

package import Logging
package import Prebuilds
import ServiceLifecycle
package import Store
package import Telemetry

/// Tells the metrics what all claims of the fleet add up to.
///
/// A claim may be made by any process, also by a command that exits at once, so claims are counted in the database, by one
/// worker for all: the one that speaks for the fleet, for as long as its lease is good.
package struct ClaimMetrics: Service {
    private let store: Store
    private let worker: WorkerID
    private let registry: MetricsRegistry
    private let interval: Duration
    private let logger: Logger

    /// The name of the publication.
    private static let name = "claims"

    package init(
        store: Store,
        worker: WorkerID,
        registry: MetricsRegistry,
        interval: Duration = .seconds(10),
        logger: Logger
    ) {
        self.store = store
        self.worker = worker
        self.registry = registry
        self.interval = interval
        self.logger = logger
    }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                do {
                    try await tell()
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("claims could not be counted", metadata: ["error": "\(error)"])
                }
                try await Task.sleep(for: interval * Double.random(in: 0.9...1.1))
            }
        }
        rest()
    }

    /// Tells nothing any more: to be called when the worker drains, and another begins to speak.
    @Sendable package func rest() {
        registry.withdraw(Self.name)
    }

    /// Counts what is new and exports it, or stops exporting when another worker speaks.
    func tell() async throws {
        let began = ContinuousClock.now
        let bounds = MetricCatalogue.claimDuration.upperBounds
        guard let totals = try await store.claimTotals(for: worker, bounds: bounds) else {
            return registry.withdraw(Self.name)
        }
        var samples = totals.outcomes.map { GaugeSample(MetricCatalogue.claimOutcomes, [$0], $1) }
        samples += totals.claimed.map { pool, count in
            let labels = [pool.templateName, pool.presetName, pool.organizationName]
            return GaugeSample(MetricCatalogue.prebuildsClaimed, labels, count)
        }
        if let ratio = totals.hitRatio { samples.append(GaugeSample(MetricCatalogue.claimHitRatio, [], ratio)) }
        registry.publish(
            Self.name,
            samples,
            histograms: totals.durations.map {
                HistogramSample(MetricCatalogue.claimDuration, [$0], counts: $1.counts, sum: $1.sum)
            },
            for: totals.voice,
            now: began
        )
    }
}
