// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// The result of a request to cancel a job.
package enum CancelOutcome: Hashable, Sendable {
    /// It was not begun, and has ended.
    case ended
    /// Its worker was notified, and will end it.
    case requested(worker: String)
}

extension Store {
    /// Cancels a job: at once while it is pending; otherwise its worker is notified, and learns it from its next
    /// heartbeat if the notification is lost. Repeating the request is no error.
    ///
    /// A prebuild whose first build was never begun is removed with it, because nothing of it exists. A user's
    /// workspace stays, and its build can be retried.
    ///
    /// Throws ``StoreError`` of code `.notFound`, and of `.conflict` when the job has ended.
    package func cancelJob(_ job: JobID) async throws -> CancelOutcome {
        try await changing("jobs.cancel") { transaction in
            let found = try await transaction.execute(
                "jobs.lock",
                """
                SELECT j.job_status::text AS status, coalesce(w.name, '') AS worker FROM provisioner_jobs j
                LEFT JOIN workers w ON w.id = j.worker_id
                WHERE j.id = \(job) FOR UPDATE OF j
                """
            )
            guard let row = found.first else { throw Self.noSuchJob(job) }
            let status: JobStatus = try row.label("status")
            switch status {
            case .pending:
                _ = try await transaction.executeBatch(Self.endPending([job]))
                return .ended
            case .running, .canceling:
                _ = try await transaction.execute(Self.requestCancel(of: [job]))
                return .requested(worker: try row["worker"])
            case .succeeded, .failed, .canceled:
                throw StoreError(.conflict, "Job \(job) has ended: it \(Self.words(for: status))")
            }
        }
    }

    /// Puts a failed or canceled job back into the queue: the same build, with all its attempts. It starts from the
    /// last stored state, and refreshes before any change.
    ///
    /// Throws ``StoreError`` of code `.notFound`, and of `.conflict` when the job did not end that way, or its
    /// workspace has a later build.
    package func retryJob(_ job: JobID) async throws {
        try await changing("jobs.retry") { transaction in
            // Adding a build locks the workspace, so no build is added from here on.
            _ = try await transaction.execute(
                "jobs.lock_workspace",
                """
                SELECT FROM workspaces WHERE id = (SELECT workspace_id FROM workspace_builds WHERE job_id = \(job)) FOR UPDATE
                """
            )
            let found = try await transaction.execute(
                "jobs.lock_ended",
                """
                SELECT j.job_status::text AS status, coalesce(w.name, '') AS workspace,
                    coalesce(w.deleted, false) AS is_deleted, coalesce(b.build_number, 0) AS build,
                    coalesce((SELECT max(l.build_number) FROM workspace_builds l WHERE l.workspace_id = w.id), 0) AS latest
                FROM provisioner_jobs j
                LEFT JOIN workspace_builds b ON b.job_id = j.id
                LEFT JOIN workspaces w ON w.id = b.workspace_id
                WHERE j.id = \(job) FOR UPDATE OF j
                """
            )
            guard let row = found.first else { throw Self.noSuchJob(job) }
            let status: JobStatus = try row.label("status")
            let workspace: String = try row["workspace"]
            guard status.isRetriable else {
                throw StoreError(
                    .conflict,
                    "Job \(job) has neither failed nor been canceled: it \(Self.words(for: status))",
                    remedy: "Only jobs that failed or were canceled can be tried again."
                )
            }
            guard try !row["is_deleted"] else {
                throw StoreError(.conflict, "The workspace '\(workspace)' of job \(job) is deleted")
            }
            let (build, latest): (Int, Int) = try (row["build"], row["latest"])
            guard build == latest else {
                throw StoreError(
                    .conflict,
                    "The workspace '\(workspace)' has had \(latest - build) newer builds since job \(job)",
                    remedy: "Only the job of a workspace's latest build can be tried again."
                )
            }
            _ = try await transaction.execute(Self.enqueueAgain([job]))
        }
    }

    /// Has the workers of running jobs end them.
    static func requestCancel(of jobs: [JobID]) -> Statement {
        Statement(
            "jobs.request_cancel",
            """
            WITH canceled AS (
                UPDATE provisioner_jobs SET canceled_at = coalesce(canceled_at, now()), updated_at = now()
                WHERE id = ANY(\(jobs)) RETURNING worker_id
            )
            SELECT \(sql: News.column(News.on(Channel.workers, "worker_id"))) FROM canceled
            """
        )
    }

    /// Puts ended jobs that the transaction has locked back into the queue.
    static func enqueueAgain(_ jobs: [JobID]) -> Statement {
        Statement(
            "jobs.retry",
            """
            WITH again AS (
                UPDATE provisioner_jobs SET started_at = NULL, completed_at = NULL, canceled_at = NULL, error = NULL,
                    error_code = NULL, worker_id = NULL, attempt = 0, available_at = now(), queue_lead = '0',
                    claim_epoch = claim_epoch + 1, refresh_first = started_at IS NOT NULL OR refresh_first,
                    updated_at = now()
                WHERE id = ANY(\(jobs)) RETURNING claim_order
            )
            SELECT \(sql: News.column(News.jobs(of: "again"), News.reconcile)) WHERE EXISTS (SELECT FROM again)
            """
        )
    }

    /// Ends jobs that no worker has begun and that the transaction has locked; prebuilds that they would have built are
    /// removed.
    ///
    /// - Parameter end: Written to `error_code`; `nil` if the jobs were canceled.
    static func endPending(_ jobs: [JobID], because end: QueueEnd? = nil) -> [Statement] {
        [
            Statement(
                "jobs.end_pending",
                """
                UPDATE provisioner_jobs SET canceled_at = now(), completed_at = now(), error_code = \(end?.rawValue),
                    claim_epoch = claim_epoch + 1, updated_at = now()
                WHERE id = ANY(\(jobs))
                """
            ),
            Statement(
                "jobs.remove_unbegun",
                """
                UPDATE workspaces w SET deleted = true, updated_at = now()
                FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id
                WHERE b.job_id = ANY(\(jobs)) AND w.id = b.workspace_id AND w.owner_id = \(prebuildsUserID)
                    AND \(sql: .isUnbegun())
                """
            ),
            ended(jobs),
        ]
    }

    private static func noSuchJob(_ job: JobID) -> StoreError {
        .notFound("job", "\(job)", remedy: "See 'stoker jobs list'.")
    }

    private static func words(for status: JobStatus) -> String {
        switch status {
        case .pending: "waits"
        case .running: "runs"
        case .canceling: "is being canceled"
        case .canceled: "has been canceled"
        case .succeeded, .failed: "has \(status.rawValue)"
        }
    }
}
