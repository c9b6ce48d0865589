// SPDX-License-Identifier: Apache-2.0

package import Domain
import HTTPTypes
package import Prebuilds
package import Store
import Templates
package import Time

/// Plans a pass without making it.
package struct MakePlan: Operation {
    /// The moment of the plan, for the present pools; `nil`: now.
    package var at: Instant?

    package static let route = Route(.get, "/plan", .pools, for: .templateAdmin)
        .doing("Show what the reconciler would do, and why")
        .noting("Changes nothing.")
        .taking(ExplainSchedule.moment)
        .answering("The plan.", .one("Plan"))

    package init(at: Instant? = nil) {
        self.at = at
    }

    package func perform(in context: OperationContext) async throws -> PlanReport {
        try await context.report(context.reconciliation.plan(at: at))
    }
}

/// Makes one pass now, unless another process is in one. ``MakePlan`` plans for another moment.
package struct Reconcile: Operation {
    package static let route = Route(.post, "/reconcile", .pools, for: .templateAdmin)
        .doing("Run one pass of the reconciler")
        .noting("The pass runs at once, unless a worker is running one.")
        .answering("The plan, and which of its actions were carried out.", .one("Pass"))

    package init() {}

    package func perform(in context: OperationContext) async throws -> ReconcileReport {
        switch try await context.reconciliation.pass() {
        case .done(let plan, let applied):
            let report = ReconcileReport(plan: try await context.report(plan), applied: applied)
            // An unreadable preset had nothing to write.
            guard applied.isEmpty, !applied.failures.isEmpty, let failure = report.failures.first else { return report }
            throw StoreError(.inconsistent, "Nothing of the plan could be written: \(failure)")
        case .lockHeldElsewhere: return ReconcileReport(heldElsewhereAt: try await context.store.now())
        }
    }
}

/// The result of a pass: the plan, and what was written of it.
package struct ReconcileReport: Hashable, Sendable, Codable {
    /// The writes.
    package struct Applied: Hashable, Sendable, Codable {
        /// New prebuilds, by preset.
        package let created: [String: Int]
        package let deleted: [WorkspaceID]
        /// Prebuilds whose order was canceled.
        package let canceled: [WorkspaceID]?
        package let statusChanges: [PresetID]
        /// The errors of presets whose writes failed, by preset.
        package let failures: [String: String]

        private enum CodingKeys: String, CodingKey {
            case created, deleted, canceled, failures
            case statusChanges = "status_changes"
        }

        init(_ applied: AppliedPlan) {
            created = Dictionary(applied.created.map { ("\($0.key)", $0.value) }) { first, _ in first }
            deleted = applied.deleted
            canceled = applied.canceled.isEmpty ? nil : applied.canceled
            statusChanges = applied.statusChanges
            failures = Dictionary(applied.failures.map { ("\($0.key)", $0.value) }) { first, _ in first }
        }
    }

    /// Whether a pass was made.
    package enum Lock: String, Hashable, Sendable, Codable {
        case acquired
        /// Another process was making one.
        case heldElsewhere = "held_elsewhere"
    }

    package let plan: PlanReport
    package let lock: Lock
    package let applied: Applied?

    package init(plan: PlanReport, applied: AppliedPlan) {
        self.plan = plan
        lock = .acquired
        self.applied = Applied(applied)
    }

    package init(heldElsewhereAt now: Instant) {
        plan = PlanReport(Plan(now: now, presets: []))
        lock = .heldElsewhere
        applied = nil
    }

    /// The presets that the pass left out, and why.
    package var failures: [String] {
        (applied?.failures ?? [:]).map { "\($0.key): \($0.value)" }.sorted() + (plan.unreadable ?? []).map(\.sentence)
    }

    private enum CodingKeys: String, CodingKey {
        case lock, applied
    }

    package init(from decoder: any Decoder) throws {
        plan = try PlanReport(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        lock = try container.decode(Lock.self, forKey: .lock)
        applied = try container.decodeIfPresent(Applied.self, forKey: .applied)
    }

    /// The plan's members, and `lock` and `applied`.
    package func encode(to encoder: any Encoder) throws {
        try plan.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(lock, forKey: .lock)
        try container.encodeIfPresent(applied, forKey: .applied)
    }
}

extension UnreadablePreset {
    /// A message for an operator.
    package var sentence: String {
        let names = [templateName, presetName].filter { !$0.isEmpty }
        let name = names.isEmpty ? presetID.map { "\($0)" } ?? "a preset" : names.joined(separator: "/")
        return "\(name) cannot be read and is left out: \(message)"
    }
}
