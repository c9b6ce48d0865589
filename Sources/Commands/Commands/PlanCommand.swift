// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Prebuilds
package import Time

/// `stoker plan`
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what the reconciler would do now, and why; change nothing."
    )

    @Option(help: "Plan for this moment, such as 2025-06-02T03:00:00Z, with the pools as they are now.")
    var at: Instant?

    @OptionGroup var control: ReportOptions

    func run() async throws {
        try await control.report(MakePlan(at: at)) { PlanTable(plan: $0).text }
    }
}

extension Instant: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(iso8601: argument)
    }
}
