// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Time

/// The options of a pause.
struct PauseOptions: ParsableArguments {
    @Option(help: "When it ends by itself, such as 2025-06-02T03:00:00Z.")
    var until: Instant?

    @Option(help: "The reason, shown to users.")
    var reason = ""
}

extension PauseReport {
    func text(nothing: String) -> String {
        pause.map(PlanTable.sentence) ?? nothing
    }
}
