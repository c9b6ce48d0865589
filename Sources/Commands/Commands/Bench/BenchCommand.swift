// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Bench
import LocalPostgres
import SystemPackage

/// `stoker bench`
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure what this database and machine can do.",
        discussion: """
            Every figure stands beside its floor or ceiling, measured in the same run: only the ratio means anything on a \
            machine that is not quiet. Floors of the database are measured with pgbench, right before and right after a \
            figure; without pgbench there is no ratio. Nothing is left behind.
            """,
        subcommands: [
            Queue.self, Reconcile.self, Webhooks.self, Claim.self, Client.self, Build.self, Worker.self, Scale.self,
        ]
    )

    /// Where to measure, and how to print the report.
    struct Options: ParsableArguments {
        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        @Option(help: "The pgbench to use; otherwise the one on PATH, or of an installed Postgres server.")
        var pgbench: String?

        /// Measures and prints the report. SIGINT and SIGTERM end the measurement, which leaves nothing behind then
        /// either.
        func report(_ benchmark: some Benchmark) async throws {
            let pgbench = try await Pgbench.find(pgbench.map { FilePath($0) })
            let composition = try global.composition()
            let report = try await StopRequest.run { stop in
                do {
                    return try await composition.withStore(requiringSchema: false) { store, address in
                        try await benchmark.report(
                            store,
                            address.directConfiguration,
                            version: BuildInfo.version,
                            pgbench: pgbench,
                            note: Console.note
                        )
                    }
                } catch {
                    guard stop.isMade else { throw error }
                    try Console.note("Stopped; nothing is left of the measurement.")
                    throw ExitCode.failure
                }
            }
            try output.print(report, table: \.text)
        }
    }

    struct Queue: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Jobs without work: per second from a full queue, and milliseconds from enqueue to start.",
            discussion: """
                In databases of its own on the configured server, which are dropped afterwards; the role needs the right to \
                create databases. With the defaults it takes about five minutes.
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

        @OptionGroup var worker: WorkerOptions
        @OptionGroup var options: Options

        func validate() throws {
            guard jobs > 0 else { throw ValidationError("--jobs takes a number above 0.") }
            guard (1...1000).contains(concurrency) else { throw ValidationError("--concurrency takes 1 to 1000.") }
            guard (1...64).contains(workers) else { throw ValidationError("--workers takes 1 to 64.") }
            guard beside >= 0 else { throw ValidationError("--beside takes a number that is not negative.") }
            guard rounds > 0 else { throw ValidationError("--rounds takes a number above 0.") }
            if let held, held.duration < .seconds(10) { throw ValidationError("--held takes 10s or more.") }
        }

        func run() async throws {
            let benchmark = QueueBench(
                worker: try worker.child(options.global.settings()),
                jobs: jobs,
                concurrency: concurrency,
                workers: workers,
                finished: beside,
                rounds: rounds,
                held: held?.duration
            )
            try await options.report(benchmark)
        }
    }

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

        @OptionGroup var options: Options

        func validate() throws {
            guard presets > 0 else { throw ValidationError("--presets takes a number above 0.") }
            guard prebuilds > 0, prebuilds.isMultiple(of: presets) else {
                throw ValidationError("--prebuilds takes a multiple of --presets.")
            }
            guard beside >= 0 else { throw ValidationError("--beside takes a number that is not negative.") }
            guard rounds > 0 else { throw ValidationError("--rounds takes a number above 0.") }
        }

        func run() async throws {
            try await options.report(
                ReconcileBench(presets: presets, prebuilds: prebuilds, history: beside, rounds: rounds)
            )
        }
    }

    struct Webhooks: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Deliveries to a fast receiver on this machine: per second, and milliseconds from commit to 2xx.",
            discussion: """
                In a database of its own on the configured server, which is dropped afterwards; the role needs the right to \
                create databases. Database, sender and receiver share this machine's processors. The ceiling is what the \
                same client does with the same bodies, receiver and concurrency, without a database.
                """
        )

        @Option(help: "How many events the throughput run has.")
        var events = 10_000

        @Option(help: "How many requests are on their way at once.")
        var concurrency = 16

        @Option(help: "Events a second of the latency run.")
        var rate = 200

        @Option(help: "Seconds that the latency run lasts.")
        var seconds = 10

        @OptionGroup var options: Options

        func validate() throws {
            guard (100...1_000_000).contains(events) else { throw ValidationError("--events takes 100 to 1000000.") }
            guard (1...64).contains(concurrency) else { throw ValidationError("--concurrency takes 1 to 64.") }
            guard (1...1_000).contains(rate) else { throw ValidationError("--rate takes 1 to 1000.") }
            guard (1...600).contains(seconds) else { throw ValidationError("--seconds takes 1 to 600.") }
        }

        func run() async throws {
            try await options.report(
                WebhookBench(events: events, concurrency: concurrency, rate: rate, seconds: seconds)
            )
        }
    }
}
