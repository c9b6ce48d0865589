// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Prebuilds
package import Store
import Templates
package import Time

/// What the reconciler would do, and why.
package struct MakePlan: Operation {
    /// With the pools as they are now; `nil`: now.
    package var at: Instant?

    package static let route = Route(.get, "/plan", .pools, for: .templateAdmin, [Field("at", .instant)])

    package init(at: Instant? = nil) {
        self.at = at
    }

    package func perform(in context: OperationContext) async throws -> PlanReport {
        try await context.report(context.reconciliation.plan(at: at))
    }
}

/// One pass of the reconciler, unless another process is in one. It is made now: whoever wants to know what one would do at
/// another time asks for ``MakePlan``.
package struct Reconcile: Operation {
    package static let route = Route(.post, "/reconcile", .pools, for: .templateAdmin)

    package init() {}

    package func perform(in context: OperationContext) async throws -> ReconcileReport {
        switch try await context.reconciliation.pass() {
        case .done(let plan, let applied):
            let report = ReconcileReport(plan: try await context.report(plan), applied: applied)
            // What could not be read is another matter: there was nothing to write for it.
            guard applied.isEmpty, !applied.failures.isEmpty, let failure = report.failures.first else { return report }
            throw StoreError(.inconsistent, "Nothing of the plan could be written: \(failure)")
        case .lockHeldElsewhere: return ReconcileReport(heldElsewhereAt: try await context.store.now())
        }
    }
}

/// What became of a pass: the plan, and what of it was written.
package struct ReconcileReport: Hashable, Sendable, Codable {
    /// What was written.
    package struct Applied: Hashable, Sendable, Codable {
        /// New prebuilds, by preset.
        package let created: [String: Int]
        package let deleted: [WorkspaceID]
        /// Prebuilds whose order was taken out of the queue.
        package let canceled: [WorkspaceID]?
        package let statusChanges: [PresetID]
        /// Why a preset's writes failed, by preset.
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

    package let plan: PlanReport
    /// `acquired`, or `held_elsewhere` when no pass was made.
    package let lock: String
    package let applied: Applied?

    package init(plan: PlanReport, applied: AppliedPlan) {
        self.plan = plan
        lock = "acquired"
        self.applied = Applied(applied)
    }

    package init(heldElsewhereAt now: Instant) {
        plan = PlanReport(Plan(now: now, presets: []))
        lock = "held_elsewhere"
        applied = nil
    }

    /// What was left out of the pass, and why.
    package var failures: [String] {
        (applied?.failures ?? [:]).map { "\($0.key): \($0.value)" }.sorted() + (plan.unreadable ?? []).map(\.sentence)
    }

    private enum CodingKeys: String, CodingKey {
        case lock, applied
    }

    package init(from decoder: any Decoder) throws {
        plan = try PlanReport(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        lock = try container.decode(String.self, forKey: .lock)
        applied = try container.decodeIfPresent(Applied.self, forKey: .applied)
    }

    /// The plan's members, and beside them `lock` and `applied`.
    package func encode(to encoder: any Encoder) throws {
        try plan.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(lock, forKey: .lock)
        try container.encodeIfPresent(applied, forKey: .applied)
    }
}

extension UnreadablePreset {
    /// In words for an operator.
    package var sentence: String {
        let names = [templateName, presetName].filter { !$0.isEmpty }
        let name = names.isEmpty ? presetID.map { "\($0)" } ?? "a preset" : names.joined(separator: "/")
        return "\(name) cannot be read and is left out: \(message)"
    }
}
