// SPDX-License-Identifier: Apache-2.0

package import CoreMetrics
package import Metrics

/// A family of metrics as Prometheus defines it: name, help text, labels and type.
package struct MetricFamily: Hashable, Sendable {
    /// Which of Prometheus's types the metric has.
    package enum Kind: Hashable, Sendable {
        case counter
        case gauge
        /// Upper bounds of the buckets, ascending, in the unit of the name; `+Inf` is added.
        case histogram(upperBounds: [Double])
    }

    package let name: String
    package let kind: Kind
    /// The names of the labels, in the order in which values are given.
    package let labels: [String]
    package let help: String

    package init(_ name: String, _ kind: Kind, labels: [String] = [], help: String) {
        self.name = name
        self.kind = kind
        self.labels = labels
        self.help = help
    }
}

extension MetricFamily {
    /// The buckets' upper bounds; of a counter or a gauge none.
    package var upperBounds: [Double] {
        if case .histogram(let upperBounds) = kind { upperBounds } else { [] }
    }

    /// The counter with these label values, given in the order of ``labels``. It is exported from its first increment on.
    package func counter(_ values: String..., factory: any MetricsFactory = MetricsSystem.factory) -> Counter {
        Counter(label: name, dimensions: dimensions(values), factory: factory)
    }

    /// The gauge with these label values. It is exported once it has been set.
    package func gauge(_ values: String..., factory: any MetricsFactory = MetricsSystem.factory) -> Meter {
        Meter(label: name, dimensions: dimensions(values), factory: factory)
    }

    /// The histogram of durations with these label values. It is exported from its first record on.
    package func timer(_ values: String..., factory: any MetricsFactory = MetricsSystem.factory) -> Metrics.Timer {
        Metrics.Timer(label: name, dimensions: dimensions(values), factory: factory)
    }

    private func dimensions(_ values: [String]) -> [(String, String)] {
        precondition(values.count == labels.count, "\(name) has the labels \(labels), not \(values.count) of them")
        return Array(zip(labels, values))
    }
}
