// SPDX-License-Identifier: Apache-2.0

package import CoreMetrics
import Synchronization

/// The metrics of this process, recorded through swift-metrics and read as Prometheus text.
///
/// The registry keeps only families of its catalogue. It rejects a metric of another name, with other labels or of
/// another kind, and one series too many; ``rejections`` names them.
package final class MetricsRegistry: MetricsFactory {
    struct State {
        var series: [SeriesKey: MetricSeries] = [:]
        var seriesCounts: [String: Int] = [:]
        var published: [String: PublishedGauges] = [:]
        var gathered: [String: @Sendable () -> [GaugeSample]] = [:]
        var rejections: Set<String> = []
    }

    let families: [String: MetricFamily]
    let state = Mutex(State())
    private let seriesLimit: Int

    /// - Parameter seriesLimit: How many label sets a family may have. A label with ever new values then costs neither
    ///   this process nor Prometheus unbounded memory.
    package init(families: [MetricFamily] = MetricCatalogue.families, seriesLimit: Int = 5000) {
        self.families = Dictionary(families.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.seriesLimit = seriesLimit
    }

    /// Metrics that were recorded and are not exported, each with the reason.
    package var rejections: [String] { state.withLock { $0.rejections.sorted() } }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let series = findOrMake(label, dimensions) { family, key in
            family.kind == .counter ? .counter(CounterSeries(key: key)) : nil
        }
        guard case .counter(let handler) = series else { return NOOPMetricsHandler.instance }
        return handler
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        guard case .gauge(let handler) = gauge(label, dimensions) else { return NOOPMetricsHandler.instance }
        return handler
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        switch aggregate ? histogram(label, dimensions) : gauge(label, dimensions) {
        case .gauge(let handler): handler
        case .histogram(let handler): handler
        case .counter, nil: NOOPMetricsHandler.instance
        }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        guard case .histogram(let handler) = histogram(label, dimensions) else { return NOOPMetricsHandler.instance }
        return handler
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove((handler as? CounterSeries)?.key) }

    package func destroyMeter(_ handler: any MeterHandler) { remove((handler as? GaugeSeries)?.key) }

    package func destroyRecorder(_ handler: any RecorderHandler) {
        remove((handler as? GaugeSeries)?.key ?? (handler as? HistogramSeries)?.key)
    }

    package func destroyTimer(_ handler: any TimerHandler) { remove((handler as? HistogramSeries)?.key) }

    private func gauge(_ label: String, _ dimensions: [(String, String)]) -> MetricSeries? {
        findOrMake(label, dimensions) { family, key in
            family.kind == .gauge ? .gauge(GaugeSeries(key: key)) : nil
        }
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> MetricSeries? {
        findOrMake(label, dimensions) { family, key in
            guard case .histogram(let upperBounds) = family.kind else { return nil }
            return .histogram(HistogramSeries(key: key, upperBounds: upperBounds))
        }
    }

    private func remove(_ key: SeriesKey?) {
        guard let key else { return }
        state.withLock { $0.remove(key) }
    }

    /// The series, made when it is new; nil, and a rejection, when the catalogue does not have it.
    private func findOrMake(
        _ name: String,
        _ dimensions: [(String, String)],
        make: (MetricFamily, SeriesKey) -> MetricSeries?
    ) -> MetricSeries? {
        guard let family = families[name] else { return reject("\(name): not in the catalogue") }
        let values = Dictionary(dimensions, uniquingKeysWith: { $1 })
        let labelValues = family.labels.compactMap { values[$0] }
        guard labelValues.count == family.labels.count, values.count == family.labels.count else {
            return reject("\(name): has the labels \(family.labels), not \(values.keys.sorted())")
        }
        let key = SeriesKey(family: name, labelValues: labelValues)
        guard let candidate = make(family, key) else { return reject("\(name): of another kind") }
        return state.withLock { state in
            if let known = state.series[key] { return known }
            guard state.seriesCounts[name, default: 0] < seriesLimit else {
                state.rejections.insert("\(name): more than \(seriesLimit) series")
                return nil
            }
            state.seriesCounts[name, default: 0] += 1
            state.series[key] = candidate
            return candidate
        }
    }

    private func reject(_ reason: String) -> MetricSeries? {
        state.withLock { state in
            // The code bounds the set of names; this check bounds all others.
            if state.rejections.count < 1000 { state.rejections.insert(reason) }
        }
        return nil
    }
}

extension MetricsRegistry.State {
    mutating func remove(_ key: SeriesKey) {
        guard series.removeValue(forKey: key) != nil else { return }
        seriesCounts[key.family, default: 1] -= 1
    }
}
