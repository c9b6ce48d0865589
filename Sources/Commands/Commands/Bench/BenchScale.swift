// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bench

extension BenchCommand {
    struct Scale: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "A large fleet with a long past: milliseconds of claims, passes, lists, retention and metrics.",
            discussion: """
                Each figure stands beside the one of a tenth of the fleet. In two databases of its own on the configured \
                server, which are dropped afterwards; the role needs the right to create databases. A million workspaces \
                of the past take about 2 GB, and with the defaults it is filled for some minutes.
                """
        )

        @Option(help: "How many presets there are.")
        var presets = 10_000

        @Option(help: "How many prebuilds they have together.")
        var prebuilds = 100_000

        @Option(help: "How many claimed and deleted workspaces there are beside them.")
        var past = 1_000_000

        @Option(help: "How often each operation is measured.")
        var samples = 30

        @OptionGroup var options: Options

        func validate() throws {
            guard presets >= 10, presets.isMultiple(of: 10) else {
                throw ValidationError("--presets takes a multiple of 10.")
            }
            guard prebuilds >= presets, prebuilds.isMultiple(of: presets) else {
                throw ValidationError("--prebuilds takes a multiple of --presets.")
            }
            guard past >= 1_000 else { throw ValidationError("--past takes 1000 or more.") }
            guard (1...1_000).contains(samples) else { throw ValidationError("--samples takes 1 to 1000.") }
            guard samples < prebuilds / 20 else {
                throw ValidationError("--samples takes less than a twentieth of --prebuilds.")
            }
        }

        func run() async throws {
            try await options.report(
                ScaleBench(presets: presets, prebuilds: prebuilds, past: past, samples: samples)
            )
        }
    }
}
