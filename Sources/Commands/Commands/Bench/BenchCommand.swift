// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `stoker bench`
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure what this database and machine can do.",
        discussion: """
            Every figure stands beside its floor or ceiling, measured in the same run: only the ratio means anything on a \
            machine that is not quiet. Nothing is left behind.
            """,
        subcommands: [Queue.self, Reconcile.self]
    )

    struct Queue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Jobs without work: per second from a full queue, and milliseconds from enqueue to start."
        )

        @Option(help: "How many jobs the throughput run has.")
        var jobs = 20000

        @Option(help: "How many jobs the worker takes at once.")
        var concurrency = 200

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard jobs > 0 else { throw ValidationError("--jobs takes a number above 0.") }
            guard (1...1000).contains(concurrency) else { throw ValidationError("--concurrency takes 1 to 1000.") }
        }

        func run() async throws {
            let report = try await global.withStore { store, address, _ in
                let machine = try await BenchMachine(store)
                let figures = try await QueueBench(address: address, jobs: jobs, concurrency: concurrency).figures()
                return BenchReport(bench: "queue", machine: machine, figures: figures)
            }
            try output.print(report) { $0.text }
        }
    }
}
