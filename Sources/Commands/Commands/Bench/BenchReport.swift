// SPDX-License-Identifier: Apache-2.0

/// What a measurement found, on which machine: the one value that `stoker bench` prints.
struct BenchReport: Hashable, Sendable, Encodable {
    /// The command's name, such as `queue`.
    let bench: String
    let machine: BenchMachine
    let figures: [BenchFigure]

    var text: String {
        let table = Table(
            figures,
            empty: "Nothing was measured.",
            [
                .init("figure") { $0.name },
                .init("value") { $0.value.map(Shown.number) ?? "" },
                .init("p50") { $0.percentiles.map { Shown.number($0.p50) } ?? "" },
                .init("p95") { $0.percentiles.map { Shown.number($0.p95) } ?? "" },
                .init("p99") { $0.percentiles.map { Shown.number($0.p99) } ?? "" },
                .init("unit") { $0.unit },
                .init("compared with") { $0.reference.map { "\(Shown.number($0.value)) \($0.kind.rawValue)" } ?? "" },
                .init("ratio") { $0.ratio.map(Shown.number) ?? "" },
                .init("target") { $0.target ?? "" },
            ]
        )
        return machine.text + "\n\n" + table.text
    }
}

/// One measured value, or the spread of many.
struct BenchFigure: Hashable, Sendable, Encodable {
    /// What was measured beside it in the same run, to compare it with.
    struct Reference: Hashable, Sendable {
        enum Kind: String, Hashable, Sendable {
            /// The least that anyone would accept, or the cost of the bare work without us.
            case floor
            /// What the machine can do at most.
            case ceiling
        }

        let kind: Kind
        /// In the figure's unit.
        let value: Double
    }

    struct Percentiles: Hashable, Sendable {
        let p50: Double
        let p95: Double
        let p99: Double

        init(p50: Double, p95: Double, p99: Double) {
            self.p50 = p50
            self.p95 = p95
            self.p99 = p99
        }

        /// Of all values, by the nearest rank; `nil` when there are none.
        init?(of values: [Double]) {
            let sorted = values.sorted()
            guard let largest = sorted.last else { return nil }
            func rank(_ share: Double) -> Double {
                let index = Int((share * Double(sorted.count)).rounded(.up)) - 1
                return sorted.indices.contains(index) ? sorted[index] : largest
            }
            self.init(p50: rank(0.5), p95: rank(0.95), p99: rank(0.99))
        }
    }

    let name: String
    let unit: String
    let value: Double?
    let percentiles: Percentiles?
    let reference: Reference?
    /// What it should be, in words such as `<= 250 ms`.
    let target: String?

    init(_ name: String, _ value: Double, unit: String, against reference: Reference? = nil, target: String? = nil) {
        self.name = name
        self.unit = unit
        self.value = value
        percentiles = nil
        self.reference = reference
        self.target = target
    }

    init(
        _ name: String,
        _ percentiles: Percentiles,
        unit: String,
        against reference: Reference? = nil,
        target: String? = nil
    ) {
        self.name = name
        self.unit = unit
        value = nil
        self.percentiles = percentiles
        self.reference = reference
        self.target = target
    }

    /// The value, or the median of many, as a multiple of what it is compared with.
    var ratio: Double? {
        guard let value = value ?? percentiles?.p50, let reference, reference.value > 0 else { return nil }
        return value / reference.value
    }

    private enum CodingKeys: String, CodingKey {
        case name, unit, value, floor, ceiling, ratio, p50, p95, p99, target
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(unit, forKey: .unit)
        try container.encodeIfPresent(value, forKey: .value)
        if let reference {
            try container.encode(reference.value, forKey: reference.kind == .floor ? .floor : .ceiling)
        }
        try container.encodeIfPresent(ratio, forKey: .ratio)
        if let percentiles {
            try container.encode(percentiles.p50, forKey: .p50)
            try container.encode(percentiles.p95, forKey: .p95)
            try container.encode(percentiles.p99, forKey: .p99)
        }
        try container.encodeIfPresent(target, forKey: .target)
    }
}

extension Shown {
    /// Three digits that count, without an exponent.
    static func number(_ value: Double) -> String {
        guard value.magnitude < 1e15 else { return "\(value)" }
        guard value.magnitude < 100 else { return "\(Int64(value.rounded()))" }
        let scale: Double = value.magnitude < 1 ? 1000 : value.magnitude < 10 ? 100 : 10
        return "\((value * scale).rounded() / scale)"
    }
}
