// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import ServiceLifecycle
import Store
import Telemetry

/// Tells the metrics of the whole fleet, so that a sum over all workers is true: one worker does it, for as long as its
/// lease is good.
///
/// Claims are among them because any process may make one, also a command that exits at once: the database counts them.
struct FleetReporter: Service {
    /// What is read, and published, together; also the name of the publication.
    enum Subject: String, CaseIterable {
        case queue, claims
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
            while true {
                for subject in Subject.allCases { await report(subject) }
                try await Task.sleep(for: interval * Double.random(in: 0.9...1.1))
            }
        }
        rest()
    }

    /// Tells nothing any more: to be called when the worker drains, and another begins to speak.
    func rest() {
        for subject in Subject.allCases { registry.withdraw(subject.rawValue) }
    }

    /// One look. What cannot be asked for now is told as it was, until it is too old.
    func report(_ subject: Subject) async {
        let began = ContinuousClock.now
        do {
            guard let report = try await read(subject) else { return registry.withdraw(subject.rawValue) }
            registry.publish(
                subject.rawValue,
                report.samples,
                histograms: report.histograms,
                for: report.lease,
                now: began
            )
        } catch is CancellationError {
            return
        } catch {
            let metadata: Logger.Metadata = ["subject": "\(subject)", "error": "\(error)"]
            logger.warning("the fleet could not be counted for the metrics", metadata: metadata)
        }
    }

    /// - Returns: nil when another worker speaks.
    private func read(_ subject: Subject) async throws -> FleetReport? {
        switch subject {
        case .queue:
            try await store.fleetFacts(for: worker).map { FleetReport($0, atMost: interval * 4) }
        case .claims:
            try await store.claimTotals(
                for: worker,
                bounds: MetricCatalogue.claimDuration.upperBounds,
                hitsAreFinal: hitsAreFinal
            ).map(FleetReport.init)
        }
    }
}
