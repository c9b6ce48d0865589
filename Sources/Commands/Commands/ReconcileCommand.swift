// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations

/// `stoker reconcile`
struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Make one pass of the reconciler.",
        discussion:
            "When a worker is in a pass at this moment, none is made here: the lock is held elsewhere, and that is fine."
    )

    /// Known only to be refused in words that help.
    @Option(help: .hidden)
    var at: String?

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard at == nil else {
            throw ValidationError(
                "Unknown option '--at': a pass is made now. 'stoker plan --at TIME' shows what one would do at another time."
            )
        }
    }

    func run() async throws {
        let report = try await control.ask(Reconcile())
        try output.print(report, table: \.text)
        guard report.failures.isEmpty else {
            throw CommandError("presets that were left out: \(report.failures.joined(separator: "; "))")
        }
    }
}

extension ReconcileReport {
    var text: String {
        guard let applied else { return "Another process is in a pass; nothing was done here." }
        let created = applied.created.values.reduce(0, +)
        return PlanTable(plan: plan).text
            + "\n\nCreated \(created), deleting \(applied.deleted.count), "
            + "canceled \(applied.canceled?.count ?? 0), status changed of \(applied.statusChanges.count)."
    }
}
