// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension MetricsRegistry {
    /// The media type of ``text(now:)``.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All metrics in Prometheus' text format (version 0.0.4), sorted, families without a value left out.
    package func text(now: ContinuousClock.Instant = .now) -> String {
        var exported: [String: [(labels: [String], text: String)]] = [:]
        // Values are read outside the lock; recording never waits for a reader.
        let (series, published, gathered) = state.withLock { state in
            state.published = state.published.filter { $0.value.validUntil > now }
            return (state.series, state.published, state.gathered)
        }
        var gauges: [SeriesKey: Double] = [:]
        for (key, entry) in series {
            switch entry {
            case .counter(let counter):
                guard let value = counter.value else { continue }
                exported[key.family, default: []].append((key.labelValues, line(key, "\(value)")))
            case .gauge(let gauge):
                gauges[key] = gauge.value
            case .histogram(let histogram):
                guard let distribution = histogram.distribution else { continue }
                let text = lines(of: distribution, key, histogram.upperBounds)
                exported[key.family, default: []].append((key.labelValues, text))
            }
        }
        for set in published.values {
            gauges.merge(set.values) { $1 }
            for (key, distribution) in set.distributions {
                let text = lines(of: distribution, key, families[key.family]?.upperBounds ?? [])
                exported[key.family, default: []].append((key.labelValues, text))
            }
        }
        for samples in gathered.values { gauges.merge(values(of: samples())) { $1 } }
        for (key, value) in gauges {
            exported[key.family, default: []].append((key.labelValues, line(key, Self.number(value))))
        }
        var text = ""
        for (name, series) in exported.sorted(by: { $0.key < $1.key }) {
            guard let family = families[name] else { continue }
            text += "# HELP \(name) \(Self.escaped(family.help, quotes: false))\n"
            text += "# TYPE \(name) \(family.kind.word)\n"
            for entry in series.sorted(by: { $0.labels.lexicographicallyPrecedes($1.labels) }) { text += entry.text }
        }
        return text
    }

    private func line(_ key: SeriesKey, _ value: String) -> String {
        "\(key.family)\(labels(of: key)) \(value)\n"
    }

    private func lines(of distribution: HistogramSeries.Distribution, _ key: SeriesKey, _ bounds: [Double]) -> String {
        var text = ""
        var cumulated: UInt64 = 0
        for (bound, count) in zip(bounds.map(Self.number) + ["+Inf"], distribution.counts) {
            cumulated += count
            text += "\(key.family)_bucket\(labels(of: key, bound: bound)) \(cumulated)\n"
        }
        text += "\(key.family)_sum\(labels(of: key)) \(Self.number(distribution.sum))\n"
        text += "\(key.family)_count\(labels(of: key)) \(cumulated)\n"
        return text
    }

    private func labels(of key: SeriesKey, bound: String? = nil) -> String {
        var pairs = zip(families[key.family]?.labels ?? [], key.labelValues).map { name, value in
            "\(name)=\"\(Self.escaped(value, quotes: true))\""
        }
        if let bound { pairs.append("le=\"\(bound)\"") }
        return pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
    }

    /// Escapes the characters that have a meaning in the format: backslash, line feed, and in a label's value the
    /// quote.
    private static func escaped(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// The number as Go's `ParseFloat` reads it; whole numbers have no fraction.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return "\(whole)" }
        return "\(value)"
    }
}

extension MetricFamily.Kind {
    fileprivate var word: String {
        switch self {
        case .counter: "counter"
        case .gauge: "gauge"
        case .histogram: "histogram"
        }
    }
}
