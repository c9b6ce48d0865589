// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// Measurements by the built binary, as small as they can be: that they come to their end, tell what they compare, and
/// leave nothing behind.
@Suite(.timeLimit(.minutes(5))) struct BenchTests {
    private struct Report: Decodable {
        struct Figure: Decodable {
            let name: String
            let value: Double?
            let p50: Double?
            let ratio: Double?
            let source: String?

            private enum CodingKeys: String, CodingKey {
                case name, value, p50, ratio
                case source = "measured_by"
            }
        }

        let bench: String
        let figures: [Figure]

        subscript(name: String) -> Figure {
            get throws { try #require(figures.first { $0.name == name }, "\(figures.map(\.name))") }
        }
    }

    /// Performs the body with a running bench of the binary on the test's server, as a role that can do nothing but make
    /// databases; afterwards nothing is left of it.
    private func bench<Result>(
        _ arguments: [String],
        _ body: (RunningProcess) async throws -> Result
    ) async throws -> Result {
        let database = TestDatabase.current
        let url = database.connectionString
        let area = try await TestArea.shared.makeDirectory("bench")
        return try await DatabaseWatch.on(url) { watch in
            _ = try await watch.column("CREATE ROLE \(identifier: database.name) LOGIN CREATEDB")
            let process = try await RunningProcess.start(
                BuiltProduct.stoker,
                ["bench"] + arguments,
                environment: [
                    "STOKER_DATABASE_URL": "\(url)\(url.contains("?") ? "&" : "?")user=\(database.name)",
                    "TMPDIR": area.string, "TF_CLI_CONFIG_FILE": nil,
                ]
            )
            let result = try await body(process)
            #expect(try FileManager.default.contentsOfDirectory(atPath: area.string) == [])
            // The server refuses while a database is the role's.
            _ = try await watch.column("DROP ROLE \(identifier: database.name)")
            return result
        }
    }

    private func report(_ bench: String, _ options: [String]) async throws -> Report {
        try await self.bench([bench] + options + ["--output", "json"]) { process in
            let status = try await process.exit(within: .seconds(240))
            try #require(status.isSuccess, "\(process.text(of: .standardError))")
            let text = process.text(of: .standardOutput).joined(separator: "\n")
            return try JSONDecoder().decode(Report.self, from: Data(text.utf8))
        }
    }

    @Test(.database) func `a signal ends a measurement, its worker and its databases`() async throws {
        try await bench(["worker", "--starts", "1", "--idle", "1h"]) { process in
            _ = try await process.line(containing: "Watching an idle worker", within: .seconds(60))
            process.send(.terminate)
            let status = try await process.exit(within: .seconds(60))
            #expect(!status.isSuccess)
            #expect(process.text(of: .standardError).last == "Stopped; nothing is left of the measurement.")
        }
    }

    @Test(.database) func `builds are measured beside the bare commands`() async throws {
        let report = try await report("build", ["--pushes", "1", "--builds", "1"])
        #expect(report.bench == "build")
        for (template, commands) in [
            ("process-local", "provision start"), ("terraform-local", "terraform plan, apply"),
        ] {
            for name in ["push to ready", "claim to usable", "claim to usable without a prebuild"] {
                let figure = try report["\(name), \(template)"]
                #expect(try #require(figure.p50) > 0)
                #expect(try #require(figure.ratio) > 0)
            }
            #expect(try report["claim to usable, \(template)"].source == commands)
        }
    }

    @Test(.database) func `a worker is measured from outside`() async throws {
        let report = try await report("worker", ["--starts", "1", "--idle", "1s"])
        #expect(try #require(try report["exec to the first claim"].p50) > 0)
        #expect(try #require(try report["idle, resident"].value) > 1)
    }

    @Test(.database) func `a large fleet is measured beside a tenth of it`() async throws {
        let sizes = ["--presets", "20", "--prebuilds", "200", "--past", "1000", "--samples", "2"]
        let report = try await report("scale", sizes)
        for name in [
            "a claim", "the pass that refills its pool", "a pass with nothing to do", "retention of 6 workspaces",
        ] {
            #expect(try #require(try report[name].ratio) > 0)
        }
    }

    @Test(.database) func `the client is measured beside pgbench`() async throws {
        let report = try await report("client", ["--trips", "1000", "--rounds", "1", "--sessions", "2"])
        #expect(try report["SELECT 1, 2 sessions"].source == "pgbench select-one.sql, 2 clients")
        #expect(try report["claim one and complete it, 2 sessions"].source == "pgbench claim-one.sql, 2 clients")
    }

    @Test(.database) func `claims are measured beside pgbench, and each gets a prebuild of its own`() async throws {
        let sizes = ["--claims", "100", "--presets", "2", "--clients", "2", "--hot-clients", "4", "--beside", "10"]
        let report = try await report("claim", sizes)
        #expect(try report["claims, 2 presets, 2 clients"].source == "pgbench bind.sql, 2 clients")
        #expect(try report["claims, one preset, 4 clients"].source == "pgbench bind.sql, 4 clients")
        #expect(try report["claims, beside 10 workspaces of the past"].source == "pgbench bind.sql, 2 clients")
        #expect(try report["misses"].value == 0)
        #expect(try report["doubles"].value == 0)
    }
}
