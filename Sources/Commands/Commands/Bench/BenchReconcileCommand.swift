// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

extension BenchCommand {
    /// `stoker bench reconcile`
    struct Reconcile: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Passes of the reconciler: milliseconds to fill pools, and to find nothing to do.",
            discussion: """
                In a database of its own on the configured server, which is dropped afterwards; the role needs the right to \
                create databases.
                """
        )

        @Option(help: "How many presets there are.")
        var presets = 1_000

        @Option(help: "How many prebuilds they have together.")
        var prebuilds = 10_000

        @Option(help: "How many claimed and deleted workspaces there are beside them.")
        var beside = 100_000

        @Option(help: "How often the pools are filled.")
        var rounds = 5

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard presets > 0 else { throw ValidationError("--presets takes a number above 0.") }
            guard prebuilds > 0, prebuilds.isMultiple(of: presets) else {
                throw ValidationError("--prebuilds takes a multiple of --presets.")
            }
            guard beside >= 0 else { throw ValidationError("--beside takes a number that is not negative.") }
            guard rounds > 0 else { throw ValidationError("--rounds takes a number above 0.") }
        }

        func run() async throws {
            let report = try await global.withStore(requiringSchema: false) { store, address, _ in
                let machine = try await BenchMachine(store)
                let bench = ReconcileBench(
                    address: address,
                    presets: presets,
                    prebuilds: prebuilds,
                    history: beside,
                    rounds: rounds,
                    note: Console.note
                )
                return BenchReport(bench: "reconcile", machine: machine, figures: try await bench.figures())
            }
            try output.print(report) { $0.text }
        }
    }
}
