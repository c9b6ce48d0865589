// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// Returns jobs to the queue: for another attempt, for a drain, or from a lost worker.
extension Store {
    /// Puts a job back into the queue: a failed attempt that may be repeated, or a job that a drain hands over.
    ///
    /// Fenced like ``completeBuild(_:_:)``. The epoch grows, so that later writes of this execution match no row.
    ///
    /// - Parameter refundAttempt: Whether the attempt does not count, because Stoker interrupted it.
    /// - Parameter reason: The failure, shown as the reason why the job waits; `nil`: it did not fail, and was handed
    ///   over.
    package func requeue(
        _ job: HeldJob,
        after delay: Duration = .zero,
        refundAttempt: Bool,
        because reason: String? = nil
    ) async throws {
        let rows = try await pool.execute(
            "executions.requeue",
            within: .seconds(10),
            """
            WITH held AS (
                SELECT id, worker_id FROM provisioner_jobs j WHERE \(sql: .isHeld("j", by: job)) FOR UPDATE
            ), counted AS (
                UPDATE workers w SET jobs_handed_over = jobs_handed_over + 1
                FROM held WHERE w.id = held.worker_id AND \(refundAttempt && reason == nil)
            ), returned AS (
                UPDATE provisioner_jobs j SET \(sql: Self.backInQueue(refundingAttempt: refundAttempt)),
                    available_at = now() + make_interval(secs => \(delay.inSeconds)), refresh_first = true,
                    retry_reason = \(reason)
                FROM held WHERE j.id = held.id
                RETURNING j.id, j.claim_order, j.completed_at
            )
            SELECT id, \(sql: News.returnedJob) FROM returned
            """
        )
        if rows.isEmpty { throw StoreError.leaseLost(job.id) }
    }

    /// A job that its own execution returns: it waits where it is due, and no longer at the place of its order, or it ends if its end was requested meanwhile. The new epoch
    /// fences the execution off. The caller decides when the job is due and whether it must refresh first.
    static func backInQueue(refundingAttempt: Bool) -> SQL {
        """
        worker_id = NULL, started_at = NULL, queue_lead = '0', attempt = attempt - \(literal: refundingAttempt ? 1 : 0),
        claim_epoch = claim_epoch + 1, completed_at = CASE WHEN canceled_at IS NOT NULL THEN now() END, updated_at = now()
        """
    }

    /// Gives back jobs that their worker holds without executing them: it never received the answer to its claim, or
    /// could not record the end. Fenced; jobs without attempts left fail, as if their worker had been lost.
    ///
    /// - Returns: How many were given back or ended.
    package func giveBack(_ jobs: [HeldJob]) async throws -> Int {
        try await pool.withTransaction("executions.give_back") { transaction in
            let rows = try await transaction.execute(
                "executions.give_back",
                within: .seconds(10),
                """
                WITH forgotten AS (
                    UPDATE provisioner_jobs j SET
                        \(sql: Self.takenBack(
                            orFailing: "'Its worker could not record what came of this job, and no attempts are left.'"
                        ))
                    FROM unnest(\(jobs.map(\.id)), \(jobs.map(\.epoch))) f(id, epoch)
                    WHERE j.id = f.id AND j.claim_epoch = f.epoch AND j.completed_at IS NULL
                    RETURNING j.id, j.claim_order, j.completed_at
                )
                SELECT id, \(sql: News.returnedJob) FROM forgotten
                """
            )
            let given: [JobID] = try rows.map { try $0["id"] }
            if !given.isEmpty { _ = try await transaction.execute(Self.failedEvents(given)) }
            return given.count
        }
    }

    /// A job `j` that is taken from its worker: it waits for another worker, which refreshes before it changes
    /// anything. If it was canceled or has no attempts left (``ClaimedJob/hasAttemptsLeft``), it ends. The new epoch
    /// fences the old execution off.
    static func takenBack(orFailing message: SQL) -> SQL {
        """
        worker_id = CASE WHEN j.attempt < j.max_attempts THEN NULL ELSE j.worker_id END,
        started_at = CASE WHEN j.attempt < j.max_attempts THEN NULL ELSE j.started_at END,
        completed_at = CASE WHEN j.canceled_at IS NOT NULL OR j.attempt >= j.max_attempts THEN now() END,
        error = CASE WHEN j.attempt >= j.max_attempts AND j.canceled_at IS NULL THEN \(sql: message) END,
        error_code = CASE WHEN j.attempt >= j.max_attempts AND j.canceled_at IS NULL THEN \(QueueEnd.workerLost.rawValue) END,
        available_at = now(), queue_lead = '0', claim_epoch = j.claim_epoch + 1, refresh_first = true, updated_at = now()
        """
    }
}
