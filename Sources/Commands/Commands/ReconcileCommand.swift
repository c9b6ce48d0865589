// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations

/// `stoker reconcile`
struct ReconcileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconcile",
        abstract: "Make one pass of the reconciler.",
        discussion:
            "When a worker is in a pass at this moment, no pass is made: the lock is held elsewhere, which is no error."
    )

    /// Accepted only to be refused with a helpful message.
    @Option(help: .hidden)
    var at: String?

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard at == nil else {
            throw ValidationError(
                "Unknown option '--at': a pass runs for now. 'stoker plan --at TIME' shows what one would do at another time."
            )
        }
    }

    func run() async throws {
        let report = try await control.ask(Reconcile())
        try output.print(report, table: \.text)
        guard report.failures.isEmpty else {
            throw CommandError("skipped presets: \(report.failures.joined(separator: "; "))")
        }
    }
}

extension ReconcileReport {
    var text: String {
        guard let applied else { return "Another process is running a pass; nothing was done here." }
        let created = applied.created.values.reduce(0, +)
        return PlanTable(plan: plan).text
            + "\n\nCreated \(created), deleting \(applied.deleted.count), "
            + "canceled \(applied.canceled?.count ?? 0), status changed of \(applied.statusChanges.count)."
    }
}
