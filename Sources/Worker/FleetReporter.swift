// SPDX-License-Identifier: Apache-2.0

package import Logging
import ServiceLifecycle
package import Store
package import Telemetry

/// Tells the metrics of the queue, the workers and the deliveries for the whole fleet, so that a sum over all workers is true: one worker
/// does it, for as long as its lease is good.
package struct FleetReporter: Service {
    private let store: Store
    private let worker: WorkerRegistration
    private let registry: MetricsRegistry
    private let interval: Duration
    private let logger: Logger

    package init(
        store: Store,
        worker: WorkerRegistration,
        registry: MetricsRegistry,
        interval: Duration = .seconds(15),
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
                await report()
                try await Task.sleep(for: interval * Double.random(in: 0.9...1.1))
            }
        }
        registry.withdraw(Self.name)
    }

    private static let name = "fleet"

    /// One look. What cannot be asked for now is told as it was, until it is too old.
    func report() async {
        let began = ContinuousClock.now
        do {
            guard let facts = try await store.fleetFacts(for: worker.id) else { return registry.withdraw(Self.name) }
            registry.publish(Self.name, Self.samples(facts), for: min(facts.voice, interval * 4), now: began)
        } catch is CancellationError {
            return
        } catch {
            logger.warning("the queue could not be counted for the metrics", metadata: ["error": "\(error)"])
        }
    }

    static func samples(_ facts: FleetFacts) -> [GaugeSample] {
        var counts: [[String]: Double] = [:]
        for status in ["pending", "running", "canceling"] {
            for jobClass in JobClass.allCases { counts[[status, jobClass.name]] = 0 }
        }
        for count in facts.jobs { counts[[count.status, count.jobClass], default: 0] += Double(count.count) }
        return counts.map { GaugeSample(MetricCatalogue.jobCounts, $0.key, $0.value) }
            + [
                GaugeSample(MetricCatalogue.jobOldestPending, [], facts.oldestPending / .seconds(1)),
                GaugeSample(MetricCatalogue.webhookBacklog, [], Double(facts.deliveries.deliveries)),
                GaugeSample(MetricCatalogue.webhookOldestPending, [], facts.deliveries.oldestAge / .seconds(1)),
            ]
            + [WorkerState.active, .draining, .drained, .lost].map {
                GaugeSample(MetricCatalogue.workerCounts, [$0.rawValue], Double(facts.workers[$0] ?? 0))
            }
    }
}
