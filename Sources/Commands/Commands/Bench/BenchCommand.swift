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
        subcommands: [Queue.self, Reconcile.self, Webhooks.self, Claim.self]
    )

    struct Queue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Jobs without work: per second from a full queue, and milliseconds from enqueue to start.",
            discussion: """
                In databases of its own on the configured server, which are dropped afterwards; the role needs the right to \
                create databases. With the defaults it takes about three minutes.
                """
        )

        @Option(help: "How many jobs each throughput run has.")
        var jobs = 50_000

        @Option(help: "How many jobs a worker takes at once.")
        var concurrency = 400

        @Option(help: "How many workers compete in one of the runs.")
        var workers = 16

        @Option(help: "How many finished jobs are in the table of one of the runs.")
        var beside = 1_000_000

        @Option(help: "How often each run is made; the median counts.")
        var rounds = 5

        @Option(help: "Also keep the queue full while a transaction is held open for so long, such as 5m.")
        var held: DurationArgument?

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard jobs > 0 else { throw ValidationError("--jobs takes a number above 0.") }
            guard (1...1000).contains(concurrency) else { throw ValidationError("--concurrency takes 1 to 1000.") }
            guard (1...64).contains(workers) else { throw ValidationError("--workers takes 1 to 64.") }
            guard beside >= 0 else { throw ValidationError("--beside takes a number that is not negative.") }
            guard rounds > 0 else { throw ValidationError("--rounds takes a number above 0.") }
            if let held, held.duration < .seconds(10) { throw ValidationError("--held takes 10s or more.") }
        }

        func run() async throws {
            let report = try await global.withStore(requiringSchema: false) { store, address, _ in
                let machine = try await BenchMachine(store)
                let bench = QueueBench(
                    address: address,
                    jobs: jobs,
                    concurrency: concurrency,
                    workers: workers,
                    finished: beside,
                    rounds: rounds,
                    held: held?.duration,
                    note: Console.note
                )
                return BenchReport(bench: "queue", machine: machine, figures: try await bench.figures())
            }
            try output.print(report) { $0.text }
        }
    }
}
