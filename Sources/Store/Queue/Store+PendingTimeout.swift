// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// What became of jobs that have waited too long for a worker.
package struct OverdueJobs: Hashable, Sendable {
    /// Jobs of pools, which were canceled.
    package var expired: [JobID] = []
    /// Jobs of other classes that still wait, the oldest first, and no more than a few of them.
    package var waiting: [JobID] = []
}

extension Store {
    /// Cancels jobs of pools that nobody has begun for so long, with `EXPIRED`, and removes their workspaces; finds the
    /// others that have waited as long, which somebody wants. What has been begun before is never given up here.
    ///
    /// One worker of the fleet does it at a time; the others return at once. A batch at a time.
    package func expirePendingJobs(after limit: Duration, batch: Int = 500) async throws -> OverdueJobs {
        try await pool.withTransaction("jobs.expire") { transaction in
            let rows = try await transaction.execute(Self.overdue(limit, batch))
            let jobs = try rows.map { try $0.decode(JobID.self, Bool.self) }
            let expired = jobs.filter(\.1).map(\.0)
            if !expired.isEmpty { _ = try await transaction.executeBatch(Self.endPending(expired, because: .expired)) }
            return OverdueJobs(expired: expired, waiting: jobs.filter { !$0.1 }.map(\.0))
        }
    }

    private static func overdue(_ limit: Duration, _ batch: Int) -> Statement {
        Statement(
            "jobs.overdue",
            within: .seconds(20),
            """
            WITH turn AS MATERIALIZED (
                SELECT pg_try_advisory_xact_lock(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.expire)) AS mine
            ), expired AS MATERIALIZED (
                SELECT id, claim_order FROM provisioner_jobs j
                WHERE job_status = 'pending' AND (SELECT mine FROM turn)
                    -- Nobody is to begin any.
                    AND NOT \(sql: Self.inMaintenance)
                    -- The order of the lowest class is the time since when a job is due.
                    AND claim_order < (now() - make_interval(secs => \(limit.inSeconds))) AT TIME ZONE 'UTC'
                    AND NOT \(sql: .isAwaited("j")) AND \(sql: .isUnattempted("j"))
                ORDER BY claim_order, id LIMIT \(literal: batch)
                FOR NO KEY UPDATE SKIP LOCKED
            ), waiting AS (
                SELECT id, available_at FROM provisioner_jobs j
                WHERE job_status = 'pending' AND \(sql: .isAwaited("j")) AND (SELECT mine FROM turn)
                    AND claim_order < now() AT TIME ZONE 'UTC'
                    AND available_at < now() - make_interval(secs => \(limit.inSeconds))
                ORDER BY claim_order, id LIMIT 20
            )
            SELECT id, true FROM expired UNION ALL SELECT id, false FROM waiting
            """
        )
    }
}
