// SPDX-License-Identifier: Apache-2.0

import Bench

extension BenchReport {
    /// The machine, then a table of the figures.
    var text: String { machine.text + "\n\n" + figures.text }
}

extension BenchMachine {
    fileprivate var text: String {
        let settings = postgres.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        return "\(processors) x \(processor), \(memoryBytes >> 30) GiB, load \(Shown.number(load)); "
            + "stoker \(version)\(isOptimized ? "" : ", not optimized"); Postgres: \(settings); "
            + (pgbench
                ?? "no pgbench (Debian: postgresql-15 has it; elsewhere postgresql-contrib), so no ratio to its floors")
    }
}

extension BenchFigure: TableRow {
    static let whenNone = "Nothing was measured."

    static var columns: [Table.Column<Self>] {
        [
            .init("figure") { $0.name },
            .init("value") { $0.value.map(Shown.number) ?? "" },
            .init("p50") { $0.percentiles.map { Shown.number($0.p50) } ?? "" },
            .init("p95") { $0.percentiles.map { Shown.number($0.p95) } ?? "" },
            .init("p99") { $0.percentiles.map { Shown.number($0.p99) } ?? "" },
            .init("unit") { $0.unit },
            .init("compared with") { $0.reference?.text ?? "" },
            .init("ratio") { $0.ratio.map(Shown.number) ?? "" },
            .init("target") { $0.target ?? "" },
        ]
    }
}

extension BenchFigure.Reference {
    /// Both values, where one was measured before the figure and one after it.
    fileprivate var text: String {
        let values = values.map(Shown.number).joined(separator: ", ")
        return "\(values) \(kind.rawValue)" + (source.map { ": \($0)" } ?? "")
    }
}

extension Shown {
    /// Three significant digits, without an exponent.
    fileprivate static func number(_ value: Double) -> String {
        guard value.magnitude < 1e15 else { return "\(value)" }
        guard value.magnitude < 100 else { return "\(Int64(value.rounded()))" }
        let scale: Double = value.magnitude < 1 ? 1000 : value.magnitude < 10 ? 100 : 10
        return "\((value * scale).rounded() / scale)"
    }
}
