// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Prebuilds

/// `stoker reconcile`
struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Make one pass of the reconciler.",
        discussion:
            "When a worker is in a pass at this moment, none is made here: the lock is held elsewhere, and that is fine."
    )

    @Option(help: "Make the pass for this moment, such as 2025-06-02T03:00:00Z.")
    var at: Instant?

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let report = try await control.ask(Reconcile(at: at))
        try output.print(report, table: \.text)
        guard report.failures.isEmpty else {
            throw CommandError("presets whose writes failed: \(report.failures.joined(separator: "; "))")
        }
    }
}

extension ReconcileReport {
    var text: String {
        guard let applied else { return "Another process is in a pass; nothing was done here." }
        let created = applied.created.values.reduce(0, +)
        return PlanTable(plan: plan).text
            + "\n\nCreated \(created), deleting \(applied.deleted.count), "
            + "status changed of \(applied.statusChanges.count)."
    }
}
