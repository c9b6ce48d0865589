// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bench

extension BenchCommand {
    struct Claim: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Claims of ready prebuilds: per second and milliseconds, from many pools and from a single one.",
            discussion: """
                Beside them pgbench with as many clients and the least that a claim must write. In databases of its own on \
                the configured server, which are dropped afterwards; the role needs the right to create databases.
                """
        )

        @Option(help: "How many presets there are.")
        var presets = 50

        @Option(help: "How many clients claim at once.")
        var clients = 16

        @Option(help: "How many clients claim at once from the single pool.")
        var hotClients = 64

        @Option(help: "How many claims each run makes.")
        var claims = 10_000

        @Option(help: "How many claimed and deleted workspaces there are beside the pools of one of the runs.")
        var beside = 100_000

        @OptionGroup var options: Options

        func validate() throws {
            guard presets > 0 else { throw ValidationError("--presets takes a number above 0.") }
            guard (1...256).contains(clients), (1...256).contains(hotClients) else {
                throw ValidationError("--clients and --hot-clients take 1 to 256.")
            }
            guard claims >= 100 else { throw ValidationError("--claims takes 100 or more.") }
            guard beside >= 0 else { throw ValidationError("--beside takes a number that is not negative.") }
        }

        func run() async throws {
            try await options.report(
                ClaimBench(
                    presets: presets,
                    clients: clients,
                    hotClients: hotClients,
                    claims: claims,
                    history: beside
                )
            )
        }
    }

    struct Client: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Round trips of this program's Postgres client: per second and milliseconds.",
            discussion: """
                Beside them pgbench with the same statements and as many sessions. In a database of its own on the \
                configured server, which is dropped afterwards; the role needs the right to create databases.
                """
        )

        @Option(help: "How many sessions there are.")
        var sessions = 8

        @Option(help: "How many round trips each run makes; of claims a tenth.")
        var trips = 200_000

        @Option(help: "How often each run is made; the median counts.")
        var rounds = 3

        @OptionGroup var options: Options

        func validate() throws {
            guard (1...256).contains(sessions) else { throw ValidationError("--sessions takes 1 to 256.") }
            guard (1_000...10_000_000).contains(trips) else { throw ValidationError("--trips takes 1000 to 10000000.") }
            guard rounds > 0 else { throw ValidationError("--rounds takes a number above 0.") }
        }

        func run() async throws {
            try await options.report(ClientBench(sessions: sessions, trips: trips, rounds: rounds))
        }
    }
}
