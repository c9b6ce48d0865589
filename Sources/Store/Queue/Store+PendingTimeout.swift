// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// Jobs that have waited too long for a worker.
package struct OverdueJobs: Hashable, Sendable {
    /// Pool jobs, which were canceled.
    package var expired: [JobID] = []
    /// Jobs of other classes that still wait, the oldest first, at most a few.
    package var waiting: [JobID] = []
}

extension Store {
    /// Cancels pool jobs that have waited that long, with `EXPIRED`, and removes their workspaces; also finds the jobs
    /// of other classes that have waited as long. Jobs that were begun before never expire.
    ///
    /// One worker of the fleet does it at a time; the others return at once. It processes one batch.
    package func expirePendingJobs(after limit: Duration, batch: Int = 500) async throws -> OverdueJobs {
        try await pool.withTransaction("jobs.expire") { transaction in
            let rows = try await transaction.execute(Self.overdue(limit, batch))
            let overdue = OverdueJobs(expired: try rows.only()["expired"], waiting: try rows.only()["waiting"])
            if !overdue.expired.isEmpty {
                _ = try await transaction.executeBatch(Self.endPending(overdue.expired, because: .expired))
            }
            return overdue
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
                    -- During maintenance no job shall begin.
                    AND NOT \(sql: Self.inMaintenance)
                    -- For the lowest class, the place in the queue is the due time or earlier.
                    AND claim_order < (now() - make_interval(secs => \(limit.inSeconds))) AT TIME ZONE 'UTC'
                    AND \(sql: PoolPlace.waitsSince()) < now() - make_interval(secs => \(limit.inSeconds))
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
            SELECT ARRAY(SELECT id FROM expired) AS expired, ARRAY(SELECT id FROM waiting) AS waiting
            """
        )
    }
}
