// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The value of one gauge, or of one counter that is counted elsewhere, to be published.
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

/// The state of one histogram, for publishing.
package struct HistogramSample: Hashable, Sendable {
    package let family: MetricFamily
    /// In the order of the family's labels.
    package let labelValues: [String]
    /// Per bucket, not cumulated; one more than the family has upper bounds.
    package let counts: [UInt64]
    package let sum: Double

    package init(_ family: MetricFamily, _ labelValues: [String] = [], counts: [UInt64], sum: Double) {
        self.family = family
        self.labelValues = labelValues
        self.counts = counts
        self.sum = sum
    }
}

/// Values that come and go together.
struct PublishedGauges: Sendable {
    let values: [SeriesKey: Double]
    let distributions: [SeriesKey: HistogramSeries.Distribution]
    let validUntil: ContinuousClock.Instant
}

extension MetricsRegistry {
    /// Replaces the set of values published under this name: what the new set does not contain disappears, and no
    /// reader sees a mixture.
    ///
    /// - Parameter lifetime: After this time the set disappears unless it is published again, so that a worker that no
    ///   longer wins the lock does not export outdated facts.
    package func publish(
        _ name: String,
        _ samples: [GaugeSample],
        histograms: [HistogramSample] = [],
        for lifetime: Duration,
        now: ContinuousClock.Instant = .now
    ) {
        var distributions: [SeriesKey: HistogramSeries.Distribution] = [:]
        for sample in histograms where families[sample.family.name]?.upperBounds.count == sample.counts.count - 1 {
            let key = SeriesKey(family: sample.family.name, labelValues: sample.labelValues)
            distributions[key] = HistogramSeries.Distribution(counts: sample.counts, sum: sample.sum)
        }
        let gauges = PublishedGauges(
            values: values(of: samples),
            distributions: distributions,
            validUntil: now + lifetime
        )
        state.withLock { $0.published[name] = gauges }
    }

    /// Registers a function that makes a set of gauges whenever the metrics are read, for facts about this process at
    /// that moment.
    package func gather(_ name: String, _ samples: @escaping @Sendable () -> [GaugeSample]) {
        state.withLock { $0.gathered[name] = samples }
    }

    func values(of samples: [GaugeSample]) -> [SeriesKey: Double] {
        var values: [SeriesKey: Double] = [:]
        for sample in samples where [.gauge, .counter].contains(families[sample.family.name]?.kind) {
            values[SeriesKey(family: sample.family.name, labelValues: sample.labelValues)] = sample.value
        }
        return values
    }

    /// Removes what was published under this name.
    package func withdraw(_ name: String) {
        _ = state.withLock { $0.published.removeValue(forKey: name) }
    }
}
