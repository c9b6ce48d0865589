// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Prebuilds
import Store
import Worker

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

    @OptionGroup var global: GlobalOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let report = try await global.withStore { store, _, settings in
            let limits = PlanLimits(settings)
            let zones = ZoneDirectory()
            let result = try await store.reconcile(
                at: at,
                limits: limits,
                makePlan: { snapshot, now in
                    Plan(snapshot: snapshot, now: now, limits: limits, zones: zones.rules(for: snapshot))
                }
            )
            switch result {
            case .done(let plan, let applied): return ReconcileReport(plan: plan, applied: applied)
            case .lockHeldElsewhere: return ReconcileReport(heldElsewhereAt: try await store.now())
            }
        }
        try output.print(report, table: \.text)
        guard report.failures.isEmpty else {
            throw CommandError("presets whose writes failed: \(report.failures.joined(separator: "; "))")
        }
    }
}

/// What became of a pass: the plan, and what of it was written.
struct ReconcileReport: Encodable {
    let plan: Plan
    /// `nil`: no pass was made, because another process was in one.
    let applied: AppliedPlan?

    init(plan: Plan, applied: AppliedPlan) {
        self.plan = plan
        self.applied = applied
    }

    init(heldElsewhereAt now: Instant) {
        plan = Plan(now: now, presets: [])
        applied = nil
    }

    var failures: [String] {
        (applied?.failures ?? [:]).map { "\($0.key): \($0.value)" }.sorted()
    }

    var text: String {
        guard let applied else { return "Another process is in a pass; nothing was done here." }
        return PlanTable(plan: plan).text
            + "\n\nCreated \(applied.createdTotal), deleting \(applied.deleted.count), "
            + "status changed of \(applied.statusChanges.count)."
    }

    private enum CodingKeys: String, CodingKey {
        case lock, applied
    }

    private enum AppliedKeys: String, CodingKey {
        case created, deleted, failures
        case statusChanges = "status_changes"
    }

    /// The plan's members, and beside them `lock` and `applied`.
    func encode(to encoder: any Encoder) throws {
        try plan.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(applied == nil ? "held_elsewhere" : "acquired", forKey: .lock)
        guard let applied else { return }
        var details = container.nestedContainer(keyedBy: AppliedKeys.self, forKey: .applied)
        let created = applied.created.map { ("\($0.key)", $0.value) }
        try details.encode(Dictionary(created) { first, _ in first }, forKey: .created)
        try details.encode(applied.deleted, forKey: .deleted)
        try details.encode(applied.statusChanges, forKey: .statusChanges)
        let failures = applied.failures.map { ("\($0.key)", $0.value) }
        try details.encode(Dictionary(failures) { first, _ in first }, forKey: .failures)
    }
}
