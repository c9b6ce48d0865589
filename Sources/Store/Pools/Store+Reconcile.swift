// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Prebuilds
package import Time

/// What became of one attempt at a pass.
package enum PassResult: Sendable {
    /// Another worker is in a pass. Normal: it cost one round trip and changed nothing.
    case lockHeldElsewhere
    /// The pass was made and committed.
    case done(Plan, AppliedPlan)
}

extension Store {
    /// One pass of the reconciler: lock, settings, snapshot, plan, writes, all in one transaction.
    ///
    /// A process that dies or is cut off in the middle leaves nothing behind: the server gives the lock up with the
    /// transaction, and limits how long an idle or stuck one may hold it. A pass takes three round trips, however many
    /// prebuilds it creates and deletes.
    ///
    /// - Parameter worker: Who makes the pass, for the record; `nil` for a command.
    /// - Parameter now: The moment to reconcile for; `nil` is the transaction's own time.
    /// - Parameter memory: The process's own, so that passes without news write nothing; `nil` looks at every preset.
    /// - Parameter makePlan: The rules. Called with what the transaction sees, at most once.
    package func reconcile(
        by worker: WorkerID? = nil,
        at now: Instant? = nil,
        limits: PlanLimits,
        memory: PlanMemory = PlanMemory(),
        makePlan: (Snapshot, Instant) throws -> Plan
    ) async throws -> PassResult {
        // One statement of its own: a worker that does not win has spent one round trip and holds no transaction open.
        let probe = try await pool.execute(Self.probe(stuckAfter: Self.longestPass))
        guard try probe.only()["won"] as Bool else { return .lockHeldElsewhere }
        var lastDecision: Int64?
        let result = try await pool.withTransaction("reconcile", attempts: 1) { transaction -> PassResult in
            let opening = [
                Statement("reconcile.timeouts", within: .seconds(5), Self.passTimeouts),
                Statement("reconcile.lock", within: .seconds(5), "SELECT \(sql: Self.tryLock)"),
                Self.circumstances(worker),
            ]
            let answers = try await transaction.executeBatch(
                opening + SnapshotQuery(now: now, limits: limits).statements
            )
            guard try answers[1].only().decode(Bool.self) else { return .lockHeldElsewhere }
            let circumstances = try PassCircumstances(answers[2].only())
            lastDecision = circumstances.lastDecision
            let (moment, snapshot) = try SnapshotQuery.read(Array(answers[3...]))
            let plan = try makePlan(snapshot, moment)
            var applied = AppliedPlan()
            if circumstances.announcesMaintenance, plan.pause?.kind != .maintenance {
                let ended = try await transaction.execute(Self.maintenanceEnded(at: moment, how: "time", by: nil))
                applied.events = try ended.map { try $0.decode(EventID.self) }
            }
            if plan.pause == nil {
                let news = memory.news(in: plan, lastDecision: lastDecision)
                applied.merge(try await PlanWriter(plan: plan, news: news, worker: worker).write(on: transaction))
            }
            applied.voice = circumstances.voice
            return .done(plan, applied)
        }
        if case .done(let plan, let applied) = result, plan.pause == nil {
            memory.remember(plan, applied, lastDecision: lastDecision)
        }
        return result
    }

    /// A pass is over long before. One that holds the lock for longer cannot be ended by any time-out of the server: its
    /// process is frozen while the server hands it rows.
    private static let longestPass = Duration.seconds(180)

    private static let tryLock: SQL = """
        pg_try_advisory_xact_lock(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.reconcile))
        """

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
    private static let passTimeouts: SQL = """
        SELECT set_config('statement_timeout', '60s', true), set_config('idle_in_transaction_session_timeout', '15s', true),
            set_config('client_connection_check_interval', '2s', true), set_config('lock_timeout', '5s', true),
            set_config('jit', 'off', true), set_config('max_parallel_workers_per_gather', '0', true),
            set_config('work_mem', '32MB', true)
        """
}
