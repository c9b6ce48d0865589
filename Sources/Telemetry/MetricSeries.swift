// SPDX-License-Identifier: Apache-2.0

import CoreMetrics
import Synchronization

/// One series of a family: the counter, gauge or histogram with certain label values.
enum MetricSeries: Sendable {
    case counter(CounterSeries)
    case gauge(GaugeSeries)
    case histogram(HistogramSeries)
}

/// The key of a series.
struct SeriesKey: Hashable, Sendable {
    let family: String
    let labelValues: [String]
}

/// A number that only grows; nothing to export while it is zero.
final class CounterSeries: CounterHandler {
    let key: SeriesKey
    private let count = Atomic<Int64>(0)

    init(key: SeriesKey) {
        self.key = key
    }

    var value: Int64? {
        let count = count.load(ordering: .relaxed)
        return count > 0 ? count : nil
    }

    func increment(by amount: Int64) {
        // The addition wraps: overflow takes 292 years at a billion a second.
        count.wrappingAdd(max(amount, 0), ordering: .relaxed)
    }

    func reset() {
        count.store(0, ordering: .relaxed)
    }
}

/// A number that goes up and down; nothing to export until it is set.
final class GaugeSeries: MeterHandler, RecorderHandler {
    let key: SeriesKey
    private let state = Mutex<Double?>(nil)

    init(key: SeriesKey) {
        self.key = key
    }

    var value: Double? { state.withLock { $0 } }

    func set(_ value: Int64) { set(Double(value)) }

    func set(_ value: Double) { state.withLock { $0 = value } }

    func increment(by amount: Double) { state.withLock { $0 = ($0 ?? 0) + amount } }

    func decrement(by amount: Double) { increment(by: -amount) }

    func record(_ value: Int64) { set(Double(value)) }

    func record(_ value: Double) { set(value) }
}

/// How often values fell into which bucket; nothing to export before the first.
final class HistogramSeries: TimerHandler, RecorderHandler {
    struct Distribution: Sendable {
        /// Per bucket, not cumulated; one more than there are upper bounds.
        var counts: [UInt64]
        var sum: Double
    }

    let key: SeriesKey
    let upperBounds: [Double]
    private let state: Mutex<Distribution?>

    init(key: SeriesKey, upperBounds: [Double]) {
        self.key = key
        self.upperBounds = upperBounds
        state = Mutex(nil)
    }

    var distribution: Distribution? { state.withLock { $0 } }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        guard !value.isNaN else { return }
        let bucket = upperBounds.firstIndex { value <= $0 } ?? upperBounds.count
        state.withLock { state in
            var distribution = state ?? Distribution(counts: Array(repeating: 0, count: upperBounds.count + 1), sum: 0)
            state = nil
            distribution.counts[bucket] += 1
            distribution.sum += value
            state = distribution
        }
    }
}
