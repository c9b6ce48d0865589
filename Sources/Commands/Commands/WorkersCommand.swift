// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Store

/// `stoker workers`
struct WorkersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "The processes that run jobs.",
        subcommands: [List.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the workers that are up, and those that went within the last hour."
        )

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let workers = try await global.withStore { store, _, _ in try await store.workers() }
            try output.print(workers) { $0.table.text }
        }
    }
}

extension [WorkerSummary] {
    var table: Table {
        Table(
            self,
            empty: "No worker is up. Start one with 'stoker worker'.",
            [
                .init("name") { $0.name },
                .init("state") { $0.state },
                .init("slots") { "\($0.running)/\($0.capacity)" },
                .init("lease") {
                    $0.leaseRemainingSeconds > 0 ? Shown.age(seconds: $0.leaseRemainingSeconds) : "ended"
                },
                .init("version") { $0.version },
                .init("why") { $0.stateReason },
                .init("id") { "\($0.id)" },
            ]
        )
    }
}
