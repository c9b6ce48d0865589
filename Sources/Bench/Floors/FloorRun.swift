// SPDX-License-Identifier: Apache-2.0

/// The result of one run of pgbench.
struct FloorRun: Sendable {
    /// Transactions a second of the script, connecting not counted.
    let rate: Double
    /// Milliseconds of a transaction.
    let times: Percentiles

    /// Reads pgbench's report, and its logs of all transactions.
    ///
    /// Throws ``BenchError`` when the report has no rate.
    init(report: String, logs: [String]) throws {
        // Older releases write two rates; the last one does not count connecting.
        let rate = report.split(separator: "\n").last { $0.hasPrefix("tps = ") }?
            .dropFirst("tps = ".count).prefix { $0.isNumber || $0 == "." }
        guard let rate = rate.flatMap({ Double($0) }) else { throw BenchError("pgbench has reported no rate") }
        self.rate = rate
        times = try Percentiles(of: logs.flatMap { try $0.split(separator: "\n").map(Self.milliseconds) })
    }

    /// The time of a logged transaction: `client transaction time script epoch microseconds [lag]`. With a rate, the
    /// time begins when the transaction was due, and the lag says how much later it did begin.
    private static func milliseconds(_ line: Substring) throws -> Double {
        let fields = line.split(separator: " ")
        guard fields.count >= 6, let time = Double(fields[2]) else {
            throw BenchError("pgbench has logged a transaction that was not completed: '\(line)'")
        }
        return (time - (fields.count > 6 ? Double(fields[6]) ?? 0 : 0)) / 1_000
    }
}

/// The runs of pgbench right before a figure and right after it, of each round.
struct FloorRuns: Sendable {
    let floor: Floor
    private(set) var before: [FloorRun] = []
    private(set) var after: [FloorRun] = []

    init(_ floor: Floor) {
        self.floor = floor
    }

    mutating func add(before: FloorRun, after: FloorRun) {
        self.before.append(before)
        self.after.append(after)
    }

    /// The reference for a figure: the medians of the rounds; `nil` when pgbench has not run.
    ///
    /// - Parameter value: What of a run is compared.
    func reference(_ kind: BenchFigure.Reference.Kind, _ value: (FloorRun) -> Double) -> BenchFigure.Reference? {
        guard let before = try? Percentiles(of: before.map(value)), let after = try? Percentiles(of: after.map(value))
        else { return nil }
        return BenchFigure.Reference(kind: kind, values: [before.p50, after.p50], source: floor.name)
    }
}
