// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Prebuilds
package import Time

/// A pass in progress: one transaction under the reconciler's lock. Valid inside the body of
/// ``Store/pass(by:at:limits:_:)`` alone.
///
/// ```swift
/// let applied = try await store.pass(limits: limits) { pass in
///     let plan = Plan(snapshot: pass.snapshot, now: pass.now, limits: limits)
///     return try await pass.write(plan, recording: plan.presets)
/// }
/// ```
package struct Pass {
    /// The moment to reconcile for.
    package let now: Instant
    /// What the transaction sees, once the lock is its own.
    package let snapshot: Snapshot
    /// The newest row of `prebuild_decisions`; `nil`: there is none.
    package let lastDecision: Int64?
    fileprivate let worker: WorkerID?
    fileprivate let transaction: PostgresTransaction
    /// A maintenance was announced, and its end was not.
    fileprivate let announcesMaintenance: Bool
    fileprivate let reporterLease: Duration

    /// Writes the plan and commits, in one round trip: when a statement fails, preset by preset instead, so that the one that
    /// fails stands alone. A plan of a fleet that is paused has nothing to write but the end of a maintenance.
    ///
    /// - Parameter news: The presets whose plan is recorded as a decision, unless the last record says the same.
    package func write(_ plan: Plan, recording news: [PresetPlan]) async throws -> AppliedPlan {
        var applied = AppliedPlan()
        if announcesMaintenance, plan.pause?.kind != .maintenance {
            let ended = try await transaction.execute(Store.maintenanceEnded(at: now, how: "time", by: nil))
            applied.events = try ended.map { try $0.decode(EventID.self) }
        }
        if plan.pause == nil {
            applied.merge(try await PlanWriter(plan: plan, news: news, worker: worker).write(on: transaction))
        }
        applied.reporterLease = reporterLease
        return applied
    }
}

extension Store {
    /// Opens a pass: takes the lock and a snapshot, and hands both to the body; when that ends, commits. A pass takes three
    /// round trips, however many prebuilds it creates and deletes.
    ///
    /// A process that dies or is cut off in the middle leaves nothing behind: the server gives the lock up with the
    /// transaction, and limits how long an idle or stuck one may hold it.
    ///
    /// - Parameter worker: Who makes the pass, for the record; `nil` for a command.
    /// - Parameter now: The moment to reconcile for; `nil` is the transaction's own time.
    /// - Returns: What the body returns; `nil`: another process is in a pass. That cost one round trip and changed nothing.
    package func pass<Value>(
        by worker: WorkerID? = nil,
        at now: Instant? = nil,
        limits: PlanLimits,
        _ body: (Pass) async throws -> Value
    ) async throws -> Value? {
        // One statement of its own: a worker that does not win has spent one round trip and holds no transaction open.
        let probe = try await pool.execute(Self.probe(stuckAfter: Self.longestPass))
        guard try probe.only()["won"] else { return nil }
        return try await pool.withTransaction("reconcile", attempts: 1) { transaction in
            let opening = [Self.passTimeouts, Self.lock, Self.circumstances(worker)]
            let answers = try await transaction.executeBatch(
                opening + SnapshotQuery(now: now, limits: limits).statements
            )
            guard try answers[1].only()["won"] else { return nil }
            let circumstances = try answers[2].only()
            let (moment, snapshot) = try SnapshotQuery.read(Array(answers[3...]))
            return try await body(
                Pass(
                    now: moment,
                    snapshot: snapshot,
                    lastDecision: try circumstances["last_decision"],
                    worker: worker,
                    transaction: transaction,
                    announcesMaintenance: try circumstances["announces_maintenance"],
                    reporterLease: .seconds(try circumstances["reporter_lease"] as Double)
                )
            )
        }
    }

    /// A pass is over long before. One that holds the lock for longer cannot be ended by any time-out of the server: its
    /// process is frozen while the server hands it rows.
    private static let longestPass = Duration.seconds(180)

    private static let tryLock: SQL = """
        pg_try_advisory_xact_lock(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.reconcile))
        """

    private static let lock = Statement("reconcile.lock", within: .seconds(5), "SELECT \(sql: tryLock) AS won")

    /// Tries the lock. When it is held, hangs up on a holder whose transaction is older than any pass.
    static func probe(stuckAfter age: Duration) -> Statement {
        Statement(
            "reconcile.probe",
            within: .seconds(5),
            """
            SELECT won, CASE WHEN NOT won THEN (
                SELECT bool_or(pg_terminate_backend(a.pid))
                FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
                    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND l.classid = \(literal: AdvisoryLock.namespace) AND l.objid = \(literal: AdvisoryLock.reconcile)
                    AND a.usename = current_user AND a.pid <> pg_backend_pid()
                    AND a.xact_start < clock_timestamp() - make_interval(secs => \(age.inSeconds))
            ) END AS hung_up
            FROM (SELECT \(sql: tryLock) AS won OFFSET 0) lock
            """
        )
    }

    /// A winner that freezes or vanishes in the middle of a pass loses the lock on the server's side.
    private static let passTimeouts = Statement(
        "reconcile.timeouts",
        within: .seconds(5),
        """
        SELECT set_config('statement_timeout', '60s', true), set_config('idle_in_transaction_session_timeout', '15s', true),
            set_config('client_connection_check_interval', '2s', true), set_config('lock_timeout', '5s', true),
            set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true),
            set_config('work_mem', '32MB', true)
        """
    )

    /// What a pass must know beside the snapshot. A statement of its own: behind the lock it sees what the pass before has
    /// committed.
    private static func circumstances(_ worker: WorkerID?) -> Statement {
        Statement(
            "reconcile.circumstances",
            within: .seconds(5),
            """
            SELECT (SELECT max(id) FROM prebuild_decisions) AS last_decision,
                EXISTS (
                    SELECT FROM notification_events WHERE dedupe_key = \(maintenanceIncident) AND resolved_at IS NULL
                ) AS announces_maintenance,
                \(sql: reporterLease(of: worker)) AS reporter_lease
            """
        )
    }
}
