// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Prebuilds
import Store

extension Control {
    /// Returns when no job runs any more. Throws when the maintenance has ended before that.
    fileprivate func waitForMaintenance() async throws {
        try await WaitDisplay.untilOver(every: .milliseconds(500)) {
            let status = try await perform(ShowStatus())
            let running = status.overview.running
            guard running > 0 else { return (over: (), running, "") }
            guard status.plan.pause?.kind == .maintenance else {
                throw CommandError("the maintenance was ended before the last job had")
            }
            return (over: nil, running, "")
        }
    }
}

/// `stoker maintenance`
struct MaintenanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintenance",
        abstract: "Stop and resume the whole fleet.",
        subcommands: [Start.self, Stop.self, Show.self]
    )

    struct Start: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Start a maintenance: nothing is reconciled and no job is claimed; running jobs finish."
        )

        @OptionGroup var pause: PauseOptions

        @Flag(help: "Wait until no job runs.")
        var wait = false

        @OptionGroup var control: ControlOptions

        func run() async throws {
            try await control.withControl { control in
                _ = try await control.perform(StartMaintenance(until: pause.until, reason: pause.reason))
                if wait { try await control.waitForMaintenance() }
            }
            try Console.note("The fleet is in maintenance. 'stoker maintenance stop' ends it.")
        }
    }

    struct Stop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "End the maintenance.")

        @OptionGroup var control: ControlOptions

        func run() async throws {
            _ = try await control.ask(StopMaintenance())
            try Console.note("The fleet goes on.")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "status",
            abstract: "Show whether the fleet is in maintenance, since when, and why."
        )

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ShowMaintenance()) { $0.text(nothing: "The fleet works.") }
        }
    }
}
