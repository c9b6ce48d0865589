// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

extension BenchCommand {
    /// `stoker bench webhooks`
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

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (100...1_000_000).contains(events) else { throw ValidationError("--events takes 100 to 1000000.") }
            guard (1...64).contains(concurrency) else { throw ValidationError("--concurrency takes 1 to 64.") }
            guard (1...1_000).contains(rate) else { throw ValidationError("--rate takes 1 to 1000.") }
            guard (1...600).contains(seconds) else { throw ValidationError("--seconds takes 1 to 600.") }
        }

        func run() async throws {
            let report = try await global.withStore(requiringSchema: false) { store, address, _ in
                let machine = try await BenchMachine(store)
                let bench = WebhookBench(
                    address: address,
                    events: events,
                    concurrency: concurrency,
                    rate: rate,
                    seconds: seconds,
                    note: Console.note
                )
                return BenchReport(bench: "webhooks", machine: machine, figures: try await bench.figures())
            }
            try output.print(report) { $0.text }
        }
    }
}
