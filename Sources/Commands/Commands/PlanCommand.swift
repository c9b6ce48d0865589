// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Prebuilds

/// `stoker plan`
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what the reconciler would do now, and why; change nothing."
    )

    @Option(help: "Plan for this moment, such as 2025-06-02T03:00:00Z, with the pools as they are now.")
    var at: Instant?

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let plan = try await global.withStore { store, _, settings in
            try await store.plan(at: at, limits: PlanLimits(settings))
        }
        try output.print(plan) { PlanTable(plan: $0).text }
    }
}

extension Instant: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(iso8601: argument)
    }
}
