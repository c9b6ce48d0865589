// SPDX-License-Identifier: Apache-2.0

/// The figures of a measurement and its machine: the value that `stoker bench` prints.
package struct BenchReport: Hashable, Sendable, Encodable {
    /// The command's name, such as `queue`.
    package let bench: String
    package let machine: BenchMachine
    package let figures: [BenchFigure]
}

/// One measured value, or the spread of many.
package struct BenchFigure: Hashable, Sendable, Encodable {
    /// The reference that was measured in the same run.
    package struct Reference: Hashable, Sendable {
        /// On which side of the figure the reference lies.
        package enum Kind: String, Hashable, Sendable {
            /// The minimum, or the cost of the bare work.
            case floor
            /// The maximum of this machine.
            case ceiling
        }

        package let kind: Kind
        /// In the figure's unit; of two, the first was measured right before the figure, the second right after it.
        package let values: [Double]
        /// What measured it, if not this program.
        package let source: String?

        /// The mean.
        package var value: Double { values.reduce(0, +) / Double(max(values.count, 1)) }

        static func floor(_ value: Double) -> Self { Self(kind: .floor, values: [value], source: nil) }
        static func ceiling(_ value: Double) -> Self { Self(kind: .ceiling, values: [value], source: nil) }
    }

    package let name: String
    package let unit: String
    package let value: Double?
    package let percentiles: Percentiles?
    package let reference: Reference?
    /// The target in words, such as `<= 250 ms`.
    package let target: String?

    init(
        _ name: String,
        _ value: Double? = nil,
        spread: Percentiles? = nil,
        unit: String,
        against reference: Reference? = nil,
        target: String? = nil
    ) {
        self.name = name
        self.unit = unit
        self.value = value
        percentiles = spread
        self.reference = reference
        self.target = target
    }

    /// The value, or the median of many, as a multiple of its reference.
    package var ratio: Double? {
        guard let value = value ?? percentiles?.p50, let reference, reference.value > 0 else { return nil }
        return value / reference.value
    }

    private enum CodingKeys: String, CodingKey {
        case name, unit, value, floor, ceiling, before, after, ratio, target
        case source = "measured_by"
    }

    /// One flat object. `ratio` is null when there is no reference to compare with.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(unit, forKey: .unit)
        try container.encodeIfPresent(value, forKey: .value)
        if let reference {
            try container.encode(reference.value, forKey: reference.kind == .floor ? .floor : .ceiling)
            if let before = reference.values.first, let after = reference.values.dropFirst().first {
                try container.encode(before, forKey: .before)
                try container.encode(after, forKey: .after)
            }
            try container.encodeIfPresent(reference.source, forKey: .source)
        }
        try container.encode(ratio, forKey: .ratio)
        try percentiles?.encode(to: encoder)
        try container.encodeIfPresent(target, forKey: .target)
    }
}

/// The distribution of values, by the nearest rank.
package struct Percentiles: Hashable, Sendable, Encodable {
    package let p50: Double
    package let p95: Double
    package let p99: Double

    /// Throws ``BenchError`` if there are no values.
    init(of values: [Double]) throws {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { throw BenchError("nothing was measured") }
        func rank(_ share: Double) -> Double {
            sorted[min(Int((share * Double(sorted.count)).rounded(.up)), sorted.count) - 1]
        }
        (p50, p95, p99) = (rank(0.5), rank(0.95), rank(0.99))
    }
}
