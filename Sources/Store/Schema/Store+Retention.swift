// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// The kinds of rows that retention removes, each independently of the others.
package enum Prunable: String, CaseIterable, Sendable {
    /// Lines of jobs' logs.
    case logs
    /// Builds of deleted workspaces with their jobs, and the workspaces that nobody ever claimed.
    case workspaces
    /// Finished jobs that belong to no build and no version.
    case jobs
    case decisions
    /// Entries of the audit log.
    case audit
    /// Samples of pools.
    case history
    case deliveries
    case events
    /// Workers that are lost or drained.
    case workers
}

extension Store {
    /// Removes up to `batch` rows of a kind that are older than `age`, with their dependent rows, in one short
    /// transaction.
    ///
    /// jobs.md ("Retention") lists what is kept whatever its age.
    ///
    /// Returns the number of removed rows: fewer than `batch` means that none are left for now. `nil`: another worker
    /// does it.
    package func prune(_ kind: Prunable, olderThan age: Duration, batch: Int = 1_000) async throws -> Int? {
        try await pool.withTransaction("retention", attempts: 1) { transaction in
            let lock = try await transaction.execute(
                "retention.lock",
                within: .seconds(5),
                """
                SELECT pg_try_advisory_xact_lock(
                    \(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.retention)
                )
                """
            )
            guard try lock.only().decode(Bool.self) else { return nil }
            let removed = try await transaction.execute(Self.pruning(kind, age, batch))
            return try removed.only().decode(Int.self)
        }
    }

    private static func pruning(_ kind: Prunable, _ age: Duration, _ batch: Int) -> Statement {
        let old: SQL = "now() - make_interval(secs => \(age.inSeconds))"
        let limit: SQL = "LIMIT \(literal: batch)"
        return Statement("retention.\(kind.rawValue)", within: .seconds(60), kind.deletion(old, limit))
    }
}

extension Prunable {
    /// The statement that removes a batch and counts it.
    fileprivate func deletion(_ old: SQL, _ limit: SQL) -> SQL {
        switch self {
        case .logs:
            // Ids grow with time: the oldest come first, and nothing else is read.
            """
            WITH gone AS (
                DELETE FROM provisioner_job_logs WHERE created_at < \(sql: old) AND id IN (
                    SELECT id FROM provisioner_job_logs ORDER BY id \(sql: limit)
                ) RETURNING id
            ) SELECT count(*) FROM gone
            """
        case .decisions:
            """
            WITH gone AS (
                DELETE FROM prebuild_decisions WHERE decided_at < \(sql: old) AND id IN (
                    SELECT id FROM prebuild_decisions ORDER BY id \(sql: limit)
                ) RETURNING id
            ) SELECT count(*) FROM gone
            """
        case .audit:
            """
            WITH gone AS (
                DELETE FROM audit_entries WHERE created_at < \(sql: old) AND id IN (
                    SELECT id FROM audit_entries ORDER BY id \(sql: limit)
                ) RETURNING id
            ) SELECT count(*) FROM gone
            """
        case .history:
            """
            WITH gone AS (
                DELETE FROM pool_history WHERE ctid IN (
                    SELECT ctid FROM pool_history WHERE at < \(sql: old) \(sql: limit)
                ) RETURNING 1
            ) SELECT count(*) FROM gone
            """
        case .workspaces:
            """
            WITH old AS MATERIALIZED (
                SELECT w.id, NOT EXISTS (SELECT FROM workspace_claims c WHERE c.workspace_id = w.id) AS unclaimed
                FROM workspaces w
                -- One by one, the oldest first, until the batch is full; otherwise all builds would be read each time.
                CROSS JOIN LATERAL (
                    SELECT count(*) AS kept FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id
                    WHERE b.workspace_id = w.id
                        AND (j.completed_at IS NULL OR j.completed_at >= \(sql: old) OR \(sql: Self.isEvidence))
                    OFFSET 0
                ) builds
                WHERE w.deleted AND NOT w.pruned AND w.updated_at < \(sql: old) AND builds.kept = 0
                    AND NOT EXISTS (SELECT FROM late_states l WHERE l.workspace_id = w.id)
                ORDER BY w.updated_at \(sql: limit)
            ), named AS (
                -- A workspace that a claim names is kept, and is done with.
                UPDATE workspaces w SET pruned = true FROM old WHERE w.id = old.id AND NOT old.unclaimed
            ), builds AS (
                DELETE FROM workspace_builds b USING old WHERE b.workspace_id = old.id RETURNING b.job_id
            ), jobs AS (
                DELETE FROM provisioner_jobs j USING builds WHERE j.id = builds.job_id
            ), lines AS (
                DELETE FROM provisioner_job_logs l USING builds WHERE l.job_id = builds.job_id
            ), timings AS (
                DELETE FROM provisioner_job_timings t USING builds WHERE t.job_id = builds.job_id
            ), resources AS (
                DELETE FROM workspace_resources r USING builds WHERE r.job_id = builds.job_id
            ), gone AS (
                DELETE FROM workspaces w USING old WHERE w.id = old.id AND old.unclaimed
            )
            SELECT count(*) FROM old
            """
        case .jobs:
            """
            WITH gone AS (
                DELETE FROM provisioner_jobs WHERE id IN (
                    SELECT j.id FROM provisioner_jobs j
                    WHERE j.created_at < \(sql: old) AND j.completed_at < \(sql: old)
                        AND NOT EXISTS (SELECT FROM workspace_builds b WHERE b.job_id = j.id)
                        AND (j.type <> 'template_version_import' OR NOT EXISTS (
                            SELECT FROM template_versions v WHERE v.job_id = j.id
                        ))
                    \(sql: limit)
                ) RETURNING id
            ), lines AS (
                DELETE FROM provisioner_job_logs l USING gone WHERE l.job_id = gone.id
            ), timings AS (
                DELETE FROM provisioner_job_timings t USING gone WHERE t.job_id = gone.id
            )
            SELECT count(*) FROM gone
            """
        case .deliveries:
            """
            WITH gone AS (
                DELETE FROM webhook_deliveries WHERE id IN (
                    SELECT id FROM webhook_deliveries
                    WHERE created_at < \(sql: old) AND completed_at < \(sql: old) AND \(sql: DeliveryStatus.ended)
                    \(sql: limit)
                ) RETURNING id
            ) SELECT count(*) FROM gone
            """
        case .events:
            """
            WITH gone AS (
                DELETE FROM notification_events WHERE id IN (
                    SELECT e.id FROM notification_events e
                    WHERE e.created_at < \(sql: old) AND e.updated_at < \(sql: old) AND e.dispatched_at IS NOT NULL
                        AND (e.dedupe_key IS NULL OR e.resolved_at IS NOT NULL)
                        AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.event_id = e.id)
                        AND EXISTS (
                            SELECT FROM notification_events n WHERE n.subject = e.subject AND n.sequence > e.sequence
                        )
                    \(sql: limit)
                ) RETURNING id
            ) SELECT count(*) FROM gone
            """
        case .workers:
            """
            WITH gone AS (
                DELETE FROM workers WHERE id IN (
                    SELECT w.id FROM workers w
                    WHERE w.state IN ('drained', 'lost') AND w.last_seen_at < \(sql: old) AND w.lease_expires_at < \(sql: old)
                        AND NOT EXISTS (
                            SELECT FROM provisioner_jobs j WHERE j.worker_id = w.id AND j.completed_at IS NULL
                        )
                    \(sql: limit)
                ) RETURNING id
            ) SELECT count(*) FROM gone
            """
        }
    }

    /// Whether the job `j` of the build `b` is the newest failed one of its preset.
    private static let isEvidence: SQL = """
        j.job_status = 'failed' AND b.template_version_preset_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM workspace_builds n JOIN provisioner_jobs f ON f.id = n.job_id
            WHERE n.template_version_preset_id = b.template_version_preset_id AND f.job_status = 'failed'
                AND (n.created_at, n.id) > (b.created_at, b.id)
        )
        """
}
