// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Prebuilds
import Store

/// `stoker maintenance`
struct MaintenanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintenance",
        abstract: "Hold the whole fleet still, and let it go on.",
        subcommands: [Start.self, Stop.self, Show.self]
    )

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reconcile nothing and claim no job, anywhere; jobs in progress finish."
        )

        @OptionGroup var pause: PauseOptions

        @Flag(help: "Wait until no job runs.")
        var wait = false

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            try await global.withStore { store, _, _ in
                try await store.pause(.maintenance, until: pause.until, reason: pause.reason, by: Host.user)
                while wait, try await store.overview().running > 0 { try await Task.sleep(for: .milliseconds(500)) }
            }
            try Console.note("The fleet is in maintenance. 'stoker maintenance stop' ends it.")
        }
    }

    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End the maintenance.")

        @OptionGroup var global: GlobalOptions

        func run() async throws {
            try await global.withStore { store, _, _ in try await store.resume(.maintenance, by: Host.user) }
            try Console.note("The fleet goes on.")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status",
            abstract: "Show whether the fleet stands still, since when, and why."
        )

        @OptionGroup var global: GlobalOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let pause = try await global.withStore { store, _, settings in
                try await store.plan(at: nil, limits: PlanLimits(settings)).pause
            }
            try output.print(PauseReport(pause)) { $0.text(nothing: "The fleet works.") }
        }
    }
}

extension Overview {
    /// Jobs that a worker has in hand.
    var running: Int {
        jobs.filter { $0.status != JobStatus.pending.rawValue }.reduce(0) { $0 + $1.count }
    }
}
