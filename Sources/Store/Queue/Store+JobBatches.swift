// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// What became of several jobs at once.
package struct JobBatch: Hashable, Sendable, Codable {
    /// The jobs that were changed.
    package var jobs: [JobID]
    /// Whether there are more of them than may be changed at once.
    package var isCut: Bool

    private enum CodingKeys: String, CodingKey {
        case jobs
        case isCut = "more"
    }
}

extension Store {
    /// Cancels the jobs that a filter selects and that have not ended, in one transaction; the oldest first. Those that run
    /// are ended by their workers.
    package func cancelJobs(_ selection: JobSelection, visibleTo audience: Audience, limit: Int) async throws
        -> JobBatch
    {
        try await changing("jobs.cancel_many") { transaction in
            let found = try await transaction.execute(
                "jobs.lock_many",
                within: .seconds(60),
                """
                SELECT j.id, j.worker_id IS NULL AND j.started_at IS NULL AS is_pending FROM \(sql: JobSelection.tables)
                WHERE j.completed_at IS NULL AND j.canceled_at IS NULL AND \(sql: selection.condition)
                    AND \(sql: audience.seesJob)
                ORDER BY j.created_at, j.id LIMIT \(limit + 1) FOR UPDATE OF j
                """
            )
            let meant = found.prefix(limit)
            let jobs: [JobID] = try meant.map { try $0["id"] }
            let pending: [JobID] = try meant.filter { try $0["is_pending"] }.map { try $0["id"] }
            _ = try await transaction.executeBatch(
                Self.endPending(pending) + [Self.requestCancel(of: Array(Set(jobs).subtracting(pending)))]
            )
            return JobBatch(jobs: jobs, isCut: found.count > limit)
        }
    }

    /// Puts the failed and canceled jobs that a filter selects back into the queue, in one transaction; the newest first.
    /// Left out are those of deleted workspaces and of workspaces with a later build.
    package func retryJobs(_ selection: JobSelection, visibleTo audience: Audience, limit: Int) async throws -> JobBatch
    {
        let retriable: SQL = """
            j.job_status IN ('failed', 'canceled') AND j.completed_at IS NOT NULL AND NOT coalesce(w.deleted, false)
            AND NOT EXISTS (
                SELECT FROM workspace_builds l WHERE l.workspace_id = b.workspace_id AND l.build_number > b.build_number
            )
            """
        return try await changing("jobs.retry_many") { transaction in
            let found = try await transaction.execute(
                "jobs.find_retriable",
                within: .seconds(60),
                """
                SELECT j.id FROM \(sql: JobSelection.tables)
                WHERE \(sql: retriable) AND \(sql: selection.condition) AND \(sql: audience.seesJob)
                ORDER BY j.created_at DESC, j.id LIMIT \(limit + 1)
                """
            )
            let meant: [JobID] = try found.prefix(limit).map { try $0["id"] }
            // Adding a build locks the workspace, so no build is added from here on.
            let answers = try await transaction.executeBatch([
                Statement(
                    "jobs.lock_workspaces",
                    """
                    SELECT FROM workspaces w
                    WHERE w.id IN (SELECT b.workspace_id FROM workspace_builds b WHERE b.job_id = ANY(\(meant)))
                    ORDER BY w.id FOR UPDATE
                    """
                ),
                Statement(
                    "jobs.lock_retriable",
                    """
                    SELECT j.id FROM provisioner_jobs j LEFT JOIN workspace_builds b ON b.job_id = j.id
                    LEFT JOIN workspaces w ON w.id = b.workspace_id
                    WHERE j.id = ANY(\(meant)) AND \(sql: retriable) ORDER BY j.id FOR UPDATE OF j
                    """
                ),
            ])
            let jobs: [JobID] = try answers[1].map { try $0["id"] }
            _ = try await transaction.execute(Self.enqueueAgain(jobs))
            return JobBatch(jobs: meant.filter(Set(jobs).contains), isCut: found.count > limit)
        }
    }
}
