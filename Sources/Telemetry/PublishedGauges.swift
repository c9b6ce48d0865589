// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The value of one gauge, for publishing.
package struct GaugeSample: Hashable, Sendable {
    package let family: MetricFamily
    /// In the order of the family's labels.
    package let labelValues: [String]
    package let value: Double

    package init(_ family: MetricFamily, _ labelValues: [String] = [], _ value: Double) {
        precondition(
            family.labels.count == labelValues.count,
            "\(family.name) has the labels \(family.labels), not \(labelValues.count) of them"
        )
        self.family = family
        self.labelValues = labelValues
        self.value = value
    }
}

/// Gauges that come and go together.
struct PublishedGauges: Sendable {
    let values: [SeriesKey: Double]
    let validUntil: ContinuousClock.Instant
}

extension MetricsRegistry {
    /// Puts a whole set of gauges in the place of the one published under this name before: what is no longer in it
    /// vanishes, and no reader sees half of it.
    ///
    /// - Parameter lifetime: After which the set vanishes unless it is published again, so that a worker that does not
    ///   win the lock any more does not go on telling what was once true.
    package func publish(
        _ name: String,
        _ samples: [GaugeSample],
        for lifetime: Duration,
        now: ContinuousClock.Instant = .now
    ) {
        let gauges = PublishedGauges(values: values(of: samples), validUntil: now + lifetime)
        state.withLock { $0.published[name] = gauges }
    }

    /// Asks for a set of gauges whenever the metrics are read, for what is true of this process at that moment.
    package func gather(_ name: String, _ samples: @escaping @Sendable () -> [GaugeSample]) {
        state.withLock { $0.gathered[name] = samples }
    }

    func values(of samples: [GaugeSample]) -> [SeriesKey: Double] {
        var values: [SeriesKey: Double] = [:]
        for sample in samples where families[sample.family.name]?.kind == .gauge {
            values[SeriesKey(family: sample.family.name, labelValues: sample.labelValues)] = sample.value
        }
        return values
    }

    /// Removes the gauges published under this name.
    package func withdraw(_ name: String) {
        _ = state.withLock { $0.published.removeValue(forKey: name) }
    }
}
