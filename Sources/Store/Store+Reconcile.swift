// SPDX-License-Identifier: Apache-2.0

import PostgresClient
package import Prebuilds

/// What became of one attempt at a pass.
package enum PassResult: Sendable {
    /// Another worker is in a pass. Normal: it cost one round trip and changed nothing.
    case lockHeldElsewhere
    /// The pass was made and committed.
    case done(Plan, AppliedPlan)
}

extension Store {
    /// One pass of the reconciler: lock, settings, snapshot, plan, writes, all in one transaction (reconciler.md).
    ///
    /// A process that dies or is cut off in the middle leaves nothing behind: the server gives the lock up with the
    /// transaction, and limits how long an idle or stuck one may hold it.
    ///
    /// - Parameter worker: Who makes the pass, for the record; `nil` for a command.
    /// - Parameter now: The moment to reconcile for; `nil` is the transaction's own time.
    /// - Parameter makePlan: The rules. Called with what the transaction sees, at most once per attempt.
    /// - Parameter isNews: Whether a preset's plan differs from the last one recorded, as far as the caller knows.
    package func reconcile(
        by worker: WorkerID? = nil,
        at now: Instant? = nil,
        limits: PlanLimits,
        makePlan: (Snapshot, Instant) throws -> Plan,
        isNews: (PresetPlan) -> Bool = { _ in true }
    ) async throws -> PassResult {
        // One statement of its own: a worker that does not win has spent one round trip and holds no transaction open.
        let probe = try await pool.execute(Statement("reconcile.probe", within: .seconds(5), Self.tryReconcileLock))
        guard try probe.only().decode(Bool.self) else { return .lockHeldElsewhere }
        return try await pool.withTransaction("reconcile", attempts: 1) { transaction in
            let opening = [
                Statement("reconcile.timeouts", within: .seconds(5), Self.passTimeouts),
                Statement("reconcile.lock", within: .seconds(5), Self.tryReconcileLock),
            ]
            let answers = try await transaction.executeBatch(
                opening + SnapshotQuery(now: now, limits: limits).statements
            )
            guard try answers[1].only().decode(Bool.self) else { return .lockHeldElsewhere }
            let (moment, snapshot) = try SnapshotQuery.read(Array(answers[2...]))
            let plan = try makePlan(snapshot, moment)
            guard plan.pause == nil else { return .done(plan, AppliedPlan()) }
            let applied = try await PlanWriter(plan: plan, news: plan.presets.filter(isNews), worker: worker).write(
                on: transaction
            )
            return .done(plan, applied)
        }
    }

    private static let tryReconcileLock: SQL = """
        SELECT pg_try_advisory_xact_lock(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.reconcile))
        """

    /// A winner that freezes in the middle of a pass loses the lock on the server's side.
    private static let passTimeouts: SQL = """
        SELECT set_config('statement_timeout', '60s', true), set_config('idle_in_transaction_session_timeout', '15s', true),
            set_config('lock_timeout', '5s', true), set_config('jit', 'off', true)
        """
}
