// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import ServiceLifecycle
import Store
import Telemetry

/// Exports the metrics of the whole fleet. Only one worker does, for as long as its lease is valid, so that a sum over
/// all workers is correct.
///
/// Claims are among them, because any process may make one, also a command that exits at once: the database counts
/// them.
struct FleetReporter: Service {
    /// The groups that are read and published together; also the names of the publications.
    enum Subject: String, CaseIterable {
        case queue, claims, pools
    }

    let store: Store
    let worker: WorkerID
    let registry: MetricsRegistry
    /// Whether no replacement policy undoes a claim; see ``Store/claimTotals(for:bounds:hitsAreFinal:)``.
    var hitsAreFinal = true
    var interval = Duration.seconds(10)
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var reported: Set<Subject> = []
            while true {
                for subject in Subject.allCases {
                    let isReporter = await report(subject, wasReporter: reported.contains(subject))
                    if isReporter { reported.insert(subject) } else { reported.remove(subject) }
                }
                try await Task.sleep(for: interval * Double.random(in: 0.9...1.1))
            }
        }
        rest()
    }

    /// Stops exporting, when the worker drains and another one begins.
    func rest() {
        for subject in Subject.allCases { registry.withdraw(subject.rawValue) }
    }

    /// Reads and publishes once. A group that cannot be read now stays published until it is too old.
    ///
    /// - Parameter wasReporter: The last result.
    /// - Returns: Whether this worker is the reporter.
    @discardableResult
    func report(_ subject: Subject, wasReporter: Bool = false) async -> Bool {
        let began = ContinuousClock.now
        do {
            guard let report = try await read(subject, wasReporter) else {
                registry.withdraw(subject.rawValue)
                return false
            }
            registry.publish(
                subject.rawValue,
                report.samples,
                histograms: report.histograms,
                for: report.lease,
                now: began
            )
            return true
        } catch is CancellationError {
            return false
        } catch {
            let metadata: Logger.Metadata = ["subject": "\(subject)", "error": "\(error)"]
            logger.warning("the fleet's metrics could not be read", metadata: metadata)
            return false
        }
    }

    /// - Returns: `nil` when another worker exports.
    private func read(_ subject: Subject, _ wasReporter: Bool) async throws -> FleetReport? {
        switch subject {
        case .queue:
            try await store.fleetFacts(for: worker, wasReporter: wasReporter).map {
                FleetReport($0, atMost: interval * 4)
            }
        case .claims:
            try await store.claimTotals(
                for: worker,
                bounds: MetricCatalogue.claimDuration.upperBounds,
                hitsAreFinal: hitsAreFinal,
                wasReporter: wasReporter
            ).map { FleetReport($0) }
        case .pools:
            try await store.poolFacts(for: worker, over: .seconds(3_600), wasReporter: wasReporter).map {
                FleetReport($0.pools, lease: min($0.lease, interval * 4))
            }
        }
    }
}
