// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

extension BenchCommand {
    /// `stoker bench claim`
    struct Claim: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Claims of ready prebuilds: per second and milliseconds, from many pools and from a single one.",
            discussion: """
                Beside them the bare statement that binds, run by as many clients in turns with them. In databases of its \
                own on the configured server, which are dropped afterwards; the role needs the right to create databases.
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

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard presets > 0 else { throw ValidationError("--presets takes a number above 0.") }
            guard (1...256).contains(clients), (1...256).contains(hotClients) else {
                throw ValidationError("--clients and --hot-clients take 1 to 256.")
            }
            guard claims >= 100 else { throw ValidationError("--claims takes 100 or more.") }
        }

        func run() async throws {
            let report = try await global.withStore(requiringSchema: false) { store, address, _ in
                let machine = try await BenchMachine(store)
                let bench = ClaimBench(
                    address: address,
                    presets: presets,
                    clients: clients,
                    hotClients: hotClients,
                    claims: claims,
                    note: Console.note
                )
                return BenchReport(bench: "claim", machine: machine, figures: try await bench.figures())
            }
            try output.print(report) { $0.text }
        }
    }
}
