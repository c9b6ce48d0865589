// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Domain
import Operations
import Prebuilds
import Store

extension Control {
    /// Returns when no job runs any more. Throws when the maintenance has ended before.
    fileprivate func waitForMaintenance() async throws {
        let display = WaitDisplay()
        defer { display.end() }
        let began = ContinuousClock.now
        while true {
            let status = try await perform(ShowStatus())
            let running = status.overview.running
            guard running > 0 else { return }
            guard status.plan.pause?.kind == .maintenance else {
                throw CommandError("the maintenance was ended before the last job had")
            }
            let jobs = running == 1 ? "1 job still runs" : "\(running) jobs still run"
            display.tell([WaitReason("running", jobs)])
            display.show("Waiting \(Elapsed.text(began.duration(to: .now))): \(jobs)")
            try await Task.sleep(for: .milliseconds(500))
        }
    }
}

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
            abstract: "Show whether the fleet stands still, since when, and why."
        )

        @OptionGroup var control: ControlOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try output.print(try await control.ask(ShowMaintenance())) { $0.text(nothing: "The fleet works.") }
        }
    }
}
