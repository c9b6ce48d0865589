// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import PostgresClient
import Prebuilds

/// Writes a plan with set-based statements: a constant number of round trips, however many prebuilds are created.
struct PlanWriter {
    let plan: Plan
    /// The presets whose plan is recorded as a decision, unless the last record is equal.
    let news: [PresetPlan]
    /// The worker that makes the pass; `nil` for a command.
    let worker: WorkerID?
    let memory: SizingMemory

    /// Writes everything in one batch and commits. If that fails, writes preset by preset, so that one failing preset
    /// does not affect the others, and leaves the commit to the caller.
    func write(on transaction: PostgresTransaction) async throws -> AppliedPlan {
        let busy = plan.presets.filter { !$0.isEmpty }
        let sizing = SizingWriting(plan.learned, at: plan.now)
        let learning = sizing.statements
        guard !busy.isEmpty || !news.isEmpty || !learning.isEmpty || !plan.rollouts.isEmpty else {
            return AppliedPlan()
        }
        do {
            sizing.remember(in: memory)
            let own = try writes(busy, news: news)
            let answers = try await transaction.executeBatchAndCommit(
                own + rolloutWrites + learning + [Store.checkConstraints],
                orBackTo: "pass"
            )
            return try AppliedPlan(Array(answers.prefix(own.count)))
        } catch let error as PostgresError where error.sqlState != nil && transaction.isOpen {
            return try await writeOneByOne(transaction)
        }
    }

    private func writeOneByOne(_ transaction: PostgresTransaction) async throws -> AppliedPlan {
        var applied = AppliedPlan()
        let toRecord = Set(news.map(\.pool.presetID))
        for preset in plan.presets where !preset.isEmpty || toRecord.contains(preset.pool.presetID) {
            let id = preset.pool.presetID
            do {
                let statements =
                    try writes([preset], news: toRecord.contains(id) ? [preset] : []) + [Store.checkConstraints]
                let answers = try await transaction.savepoint("preset") {
                    try await transaction.executeBatch(statements)
                }
                applied.merge(try AppliedPlan(answers))
            } catch let error as PostgresError where error.sqlState != nil && transaction.isOpen {
                applied.failures[id] = error.description
            }
        }
        try await writeRollouts(transaction, &applied)
        return applied
    }

    /// If these fail, the next pass decides about them again.
    private func writeRollouts(_ transaction: PostgresTransaction, _ applied: inout AppliedPlan) async throws {
        guard !plan.rollouts.isEmpty else { return }
        do {
            let statements = rolloutWrites
            _ = try await transaction.savepoint("rollouts") { try await transaction.executeBatch(statements) }
        } catch let error as PostgresError where error.sqlState != nil && transaction.isOpen {
            for preset in plan.rollouts.compactMap(\.stop?.presetID) { applied.failures[preset] = error.description }
        }
    }

    private func writes(_ presets: [PresetPlan], news: [PresetPlan]) throws -> [Statement] {
        [
            cancellations(presets), deletions(presets), creations(presets), statusChanges(presets),
            limitEvents(presets),
            invalidEvents(presets),
            poolEvents(news), try decisions(news),
        ] + rare(presets)
    }

    /// Statements that most passes do not need. Their rows are events.
    private func rare(_ presets: [PresetPlan]) -> [Statement] {
        let tried = presets.filter { $0.nextTrialAt != nil && $0.creations > 0 }
        let recovered = presets.filter { $0.statusChange?.hasRecovered == true }
        return (tried.isEmpty ? [] : [trials(tried)]) + (recovered.isEmpty ? [] : [recoveries(recovered)])
    }
}

extension AppliedPlan {
    /// Reads the answers to ``PlanWriter/writes(_:news:)``.
    fileprivate init(_ answers: [QueryResult]) throws {
        self.init()
        canceled = try answers[0].map { try $0.decode(WorkspaceID.self) }
        deleted = try answers[1].map { try $0.decode(WorkspaceID.self) }
        for row in answers[2] {
            let (preset, count) = try row.decode(PresetID.self, Int.self)
            created[preset] = count
        }
        statusChanges = try answers[3].map { try $0.decode(PresetID.self) }
        events = try (answers[4...6] + answers[8...]).joined().compactMap { try $0.decode(EventID?.self) }
        lastDecision = try answers[7].only().decode(Int64?.self)
    }
}

extension PlanWriter {
    /// Records each plan that differs from the preset's last one in `prebuild_decisions`.
    private func decisions(_ news: [PresetPlan]) throws -> Statement {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        func json(_ value: some Encodable) throws -> PostgresJSON {
            PostgresJSON(String(decoding: try encoder.encode(value), as: UTF8.self))
        }
        return Statement(
            "plan.decisions",
            """
            WITH recorded AS (
                INSERT INTO prebuild_decisions (preset_id, decided_at, state, actions, withheld, worker_id, size)
                SELECT n.preset_id, \(plan.now), n.state, n.actions, n.withheld, \(worker), n.size
                FROM unnest(
                    \(news.map(\.pool.presetID)), \(try news.map { try json($0.state) }),
                    \(try news.map { try json($0.actions.map(PlanReport.Action.init)) }), \(try news.map { try json($0.withheld) }),
                    \(try news.map { try $0.size.map(json) })
                ) n(preset_id, state, actions, withheld, size)
                WHERE NOT EXISTS (
                    SELECT FROM (
                        SELECT * FROM prebuild_decisions d WHERE d.preset_id = n.preset_id ORDER BY d.id DESC LIMIT 1
                    ) last
                    WHERE last.state = n.state AND last.actions = n.actions AND last.withheld = n.withheld
                        AND last.size IS NOT DISTINCT FROM n.size
                )
                RETURNING id
            )
            SELECT max(id) FROM recorded
            """
        )
    }

    /// Changes statuses that are still as the snapshot saw them: a reset by an operator since then wins.
    private func statusChanges(_ presets: [PresetPlan]) -> Statement {
        let changes = presets.compactMap { preset in preset.statusChange.map { (preset.pool.presetID, $0) } }
        return Statement(
            "plan.status",
            """
            UPDATE template_version_presets p
            SET prebuild_status = c.after::prebuild_status, prebuild_status_message = c.message, updated_at = \(plan.now),
                failures_forgotten_before = CASE
                    WHEN c.before = 'hard_limited' AND c.after <> 'hard_limited' THEN \(plan.now)
                    ELSE p.failures_forgotten_before
                END,
                hard_limited_at = CASE WHEN c.after = 'hard_limited' THEN \(plan.now) END,
                limit_trials = 0, limit_trial_at = c.trial_at
            FROM unnest(
                \(changes.map(\.0)), \(changes.map(\.1.from.rawValue)), \(changes.map(\.1.to.rawValue)),
                \(changes.map(\.1.message)), \(changes.map(\.1.trialAt))
            ) c(id, before, after, message, trial_at)
            WHERE p.id = c.id AND p.prebuild_status = c.before::prebuild_status
            RETURNING p.id
            """
        )
    }
}
