// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Prebuilds
package import Time

/// A running pass: one transaction under the reconciler's lock. Valid only inside the body of
/// ``Store/pass(by:at:limits:of:hasLed:since:memory:_:)``.
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
    /// What the transaction sees once it has the lock.
    package let snapshot: Snapshot
    /// What is recorded of earlier decisions.
    package let record: DecisionRecord
    fileprivate let worker: WorkerID?
    fileprivate let transaction: PostgresTransaction
    fileprivate let memory: SizingMemory
    /// Whether the start of a maintenance was announced, and its end was not.
    fileprivate let announcesMaintenance: Bool
    fileprivate let reporterLease: Duration

    /// Writes the plan and commits, in one round trip. With nothing to write, or preset by preset, the commit comes when
    /// the body of the pass ends. If a statement fails, it writes preset by preset instead, so
    /// that only the failing preset is left out. For a paused fleet, only the end of a maintenance is written.
    ///
    /// - Parameter news: The presets whose plan is recorded as a decision, unless the last record is the same.
    package func write(_ plan: Plan, recording news: [PresetPlan]) async throws -> AppliedPlan {
        var applied = AppliedPlan()
        if announcesMaintenance, plan.pause?.kind != .maintenance {
            let ended = try await transaction.execute(Store.maintenanceEnded(at: now, how: "time", by: nil))
            applied.events = try ended.map { try $0.decode(EventID.self) }
        }
        if plan.pause == nil {
            applied.merge(
                try await PlanWriter(plan: plan, news: news, worker: worker, memory: memory).write(on: transaction)
            )
        }
        applied.reporterLease = reporterLease
        return applied
    }
}

extension Store {
    /// Starts a pass: takes the lock and a snapshot, passes both to the body, and commits when the body ends. A pass
    /// takes two or three round trips, however many prebuilds it creates and deletes.
    ///
    /// If the process dies or loses its connection midway, nothing was written: the server releases the lock with the
    /// transaction, and limits how long an idle or stuck transaction may hold it.
    ///
    /// - Parameter worker: The worker that makes the pass, for the record; `nil` for a command.
    /// - Parameter now: The moment to reconcile for; `nil` is the transaction's own time.
    /// - Parameter named: The presets to which the pass is limited; `nil`: none, it is for all pools.
    /// - Parameter hasLed: Whether the caller made the last pass, as far as it knows. It does not probe the lock then, which
    ///   saves a round trip when it has guessed right, and costs a snapshot in vain when it has not.
    /// - Parameter lastDecision: The decision up to which the caller knows the record; `nil`: it knows nothing of it.
    /// - Parameter memory: Kept by the process, so that weekly patterns are read once.
    /// - Returns: The body's result; `nil` if another process is running a pass, which cost one round trip and changed
    ///   nothing.
    package func pass<Value>(
        by worker: WorkerID? = nil,
        at now: Instant? = nil,
        limits: PlanLimits,
        of named: Set<PresetID>? = nil,
        hasLed: Bool = false,
        since lastDecision: Int64? = nil,
        memory: SizingMemory = SizingMemory(),
        _ body: (Pass) async throws -> Value
    ) async throws -> Value? {
        if !hasLed {
            // A statement of its own: a worker that does not get the lock has spent one round trip, and holds no
            // transaction open.
            let probe = try await pool.execute(Self.probe(stuckAfter: Self.longestPass))
            guard try probe.only()["won"] else { return nil }
        }
        return try await pool.withTransaction("reconcile", attempts: 1) { transaction in
            let opening = [Self.passTimeouts, Self.lock, Self.circumstances(worker, since: lastDecision)]
            let query = SnapshotQuery(now: now, limits: limits, named: named.map(Array.init))
            let answers = try await transaction.executeBatch(opening + query.statements)
            guard try answers[1].only()["won"] else { return nil }
            let circumstances = try answers[2].only()
            let (moment, snapshot) = try await SnapshotQuery.read(Array(answers[3...]), memory: memory) {
                try await transaction.executeBatch($0)
            }
            return try await body(
                Pass(
                    now: moment,
                    snapshot: snapshot,
                    record: try DecisionRecord(circumstances, since: lastDecision),
                    worker: worker,
                    transaction: transaction,
                    memory: memory,
                    announcesMaintenance: try circumstances["announces_maintenance"],
                    reporterLease: .seconds(try circumstances["reporter_lease"] as Double)
                )
            )
        }
    }

    /// Longer than any pass. No time-out of the server ends a process that is frozen while the server sends it rows.
    private static let longestPass = Duration.seconds(180)

    private static let tryLock: SQL = """
        pg_try_advisory_xact_lock(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.reconcile))
        """

    private static let lock = Statement("reconcile.lock", within: .seconds(5), "SELECT \(sql: tryLock) AS won")

    /// Tries the lock. When it is held, terminates a holder whose transaction is older than any pass.
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

    /// A leader that freezes or disappears in the middle of a pass loses the lock on the server's side.
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

    /// Facts that a pass needs beside the snapshot. They are read by a separate statement, which sees, once it has the
    /// lock, what the previous pass has committed.
    private static func circumstances(_ worker: WorkerID?, since lastDecision: Int64?) -> Statement {
        Statement(
            "reconcile.circumstances",
            within: .seconds(5),
            """
            WITH dead AS (\(sql: ClaimWaiter.burial))
            SELECT \(sql: DecisionRecord.columns(since: lastDecision)),
                EXISTS (
                    SELECT FROM notification_events WHERE dedupe_key = \(maintenanceIncident) AND resolved_at IS NULL
                ) AS announces_maintenance,
                \(sql: reporterLease(of: worker)) AS reporter_lease
            """
        )
    }
}
