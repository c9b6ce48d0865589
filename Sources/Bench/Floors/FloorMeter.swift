// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import LocalPostgres
import PostgresClient
import Store
import SystemPackage

/// Measures floors with pgbench, on plain tables in a database of their own.
struct FloorMeter: Sendable {
    let server: BenchServer
    /// `nil`: not installed, so no floor is measured.
    let pgbench: Pgbench?
    /// The floors' database.
    let database: String

    init(_ server: BenchServer) async throws {
        self.server = server
        pgbench = server.pgbench
        database = try await server.makeDatabase(migrated: false)
    }

    /// Performs the body between two runs of each floor; alone where there is no pgbench.
    func around<Result>(
        _ floors: inout [FloorRuns],
        _ body: () async throws -> Result
    ) async throws -> Result {
        let before = try await runs(of: floors)
        let result = try await body()
        let after = try await runs(of: floors)
        for (index, (before, after)) in zip(before, after).enumerated() {
            floors[index].add(before: before, after: after)
        }
        return result
    }

    /// Performs the body between two runs of a floor.
    func around<Result>(
        _ floor: Floor,
        _ body: () async throws -> Result
    ) async throws -> (Result, FloorRuns) {
        var floors = [FloorRuns(floor)]
        let result = try await around(&floors, body)
        return (result, floors[0])
    }

    private func runs(of floors: [FloorRuns]) async throws -> [FloorRun] {
        guard let pgbench else { return [] }
        var runs: [FloorRun] = []
        for floor in floors { runs.append(try await run(floor.floor, by: pgbench)) }
        return runs
    }

    /// Runs one floor.
    func run(_ floor: Floor, by pgbench: Pgbench) async throws -> FloorRun {
        try await server.connect(to: database) { try await floor.prepare($0) }
        return try await BenchArea.temporary { area in
            let script = area.path.appending(floor.script.rawValue)
            try area.write(floor.script.text.utf8, to: script)
            var arguments = [
                "--no-vacuum", "--protocol=prepared", "--client=\(floor.clients)",
                // More threads than that take time from each other and from the server.
                "--jobs=\(min(floor.clients, 8))", "--transactions=\(floor.transactions)",
                "--log", "--log-prefix=\(Self.logPrefix)", "--file=\(script)",
            ]
            if let rate = floor.rate { arguments.append("--rate=\(rate)") }
            for (name, value) in floor.variables.sorted(by: { $0.key < $1.key }) {
                arguments.append("--define=\(name)=\(value)")
            }
            let report = try await pgbench.run(
                arguments,
                on: server.configuration(of: database).text,
                in: area.path,
                within: .seconds(1_800)
            )
            return try FloorRun(report: report, logs: area.contents(withPrefix: Self.logPrefix))
        }
    }

    private static let logPrefix = "transactions"
}
