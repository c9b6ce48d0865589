// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Time

extension Store {
    /// Claims up to `limit` due jobs for a worker and marks them as running.
    ///
    /// The order is by class with ageing, then by due time. Jobs that another worker has locked are skipped, not waited
    /// for, so two workers never receive the same job. A worker that is draining, lost or past its lease gets nothing,
    /// and during maintenance no worker gets a job. It claims until the slots are full or no job is left.
    ///
    /// - Parameter limit: Free slots.
    /// - Parameter poolLimit: How many of them may be pool refills; the others are reserved for other classes.
    /// - Parameter place: Only jobs behind this place are read; `nil` reads from the front
    ///   (Documentation/Decisions/0017-queue-place.md).
    /// - Parameter finished: Jobs without results, which end in the first claim's round trip and commit.
    package func claimJobs(
        for worker: WorkerID,
        limit: Int,
        poolLimit: Int,
        behind place: QueuePlace? = nil,
        finishing finished: [HeldJob] = []
    ) async throws -> [ClaimedJob] {
        var claimed: [ClaimedJob] = []
        var (finished, poolLimit) = (finished, poolLimit)
        while claimed.count < limit {
            let claim = JobClaim(worker: worker, limit: limit - claimed.count, poolLimit: poolLimit, place: place)
            let (jobs, isCut): ([ClaimedJob], Bool)
            do {
                (jobs, isCut) = try JobClaim.read(try await pool.executeBatch(claim.statements(finishing: finished)))
            } catch  where !claimed.isEmpty {
                // The jobs before that already belong to this worker.
                break
            }
            finished = []
            claimed += jobs
            poolLimit -= jobs.count { $0.jobClass == .pool }
            // Caps and the pool's limit left slots free, and other jobs may wait behind those that they held back.
            guard isCut, !jobs.isEmpty else { break }
        }
        if !finished.isEmpty { _ = try await pool.executeBatch([JobClaim.finish(finished)]) }
        return claimed
    }
}

/// The statements of a claim, for one round trip and one implicit transaction.
struct JobClaim {
    let worker: WorkerID
    let limit: Int
    let poolLimit: Int

    /// Only jobs behind this place are read.
    let place: QueuePlace?

    func statements(finishing finished: [HeldJob]) -> [Statement] {
        finished.isEmpty ? [prepare, claim] : [prepare, Self.finish(finished), claim]
    }

    /// Fenced by the epoch alone: with an array, a condition on the state would make the planner read all running jobs
    /// for each element. A job that was taken away matches no row.
    static func finish(_ jobs: [HeldJob]) -> Statement {
        Statement(
            "jobs.finish",
            within: .seconds(10),
            """
            UPDATE provisioner_jobs j SET completed_at = now(), canceled_at = NULL
            FROM unnest(\(jobs.map(\.id)), \(jobs.map(\.epoch))) f(id, epoch)
            WHERE j.id = f.id AND j.claim_epoch = f.epoch
            """
        )
    }

    /// Forces the planner to read the queue in order, through its index, whatever its statistics say: these are some
    /// minutes old, when the queue may have been empty, and a plan with a sort would read the whole queue for each
    /// claim. This plan is good for all values, so it is generic.
    ///
    /// Claims that caps may affect are serialised, so that their counts are exact. Without caps nobody waits.
    private var prepare: Statement {
        Statement(
            "jobs.prepare_claim",
            within: .seconds(5),
            """
            SELECT pg_advisory_xact_lock_shared(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.claims))::text,
                \(sql: .indexPlans),
                CASE WHEN EXISTS (SELECT FROM templates WHERE max_concurrent_builds IS NOT NULL AND NOT deleted)
                    OR EXISTS (SELECT FROM organizations WHERE max_concurrent_builds IS NOT NULL)
                THEN pg_advisory_xact_lock(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.caps))::text END
            """
        )
    }

    /// The limit is a literal: with a parameter, the planner would estimate a tenth of the table.
    private var claim: Statement {
        Statement(
            "jobs.claim",
            // From the front it reads all entries that an open transaction keeps from being vacuumed, perhaps tens of
            // millions. The first claim of a worker has no other way.
            within: place == nil ? .seconds(60) : .seconds(5),
            """
            WITH me AS MATERIALIZED (
                SELECT tags, organization_ids FROM workers w
                WHERE id = \(worker) AND \(sql: .isClaiming("w")) AND NOT \(sql: Store.inMaintenance)
            ), capped AS MATERIALIZED (
                SELECT id, max_concurrent_builds AS cap FROM templates WHERE max_concurrent_builds IS NOT NULL AND NOT deleted
                UNION ALL
                SELECT id, max_concurrent_builds FROM organizations WHERE max_concurrent_builds IS NOT NULL
            ), running AS MATERIALIZED (
                -- Counted once for all caps, and only when there are any.
                SELECT x.id, count(*) AS jobs
                FROM provisioner_jobs h
                CROSS JOIN LATERAL (VALUES (\(sql: Self.template(of: "h"))), (h.organization_id)) x(id)
                WHERE \(sql: .isRunning("h")) AND EXISTS (SELECT FROM capped)
                GROUP BY x.id
            ), caps AS MATERIALIZED (
                SELECT c.id, greatest(c.cap - coalesce(r.jobs, 0), 0) AS free
                FROM capped c LEFT JOIN running r ON r.id = c.id
            ), due AS MATERIALIZED (
                SELECT j.ctid AS row, j.id, CASE WHEN EXISTS (SELECT FROM caps) THEN \(sql: Self.template(of: "j")) END AS template_id,
                    j.organization_id, j.priority, j.claim_order
                FROM provisioner_jobs j CROSS JOIN me
                -- Without a worker nothing is read.
                WHERE EXISTS (SELECT FROM me) AND j.job_status = 'pending'
                    AND j.claim_order <= now() AT TIME ZONE 'UTC' AND j.available_at <= now()
                    -- Jobs of an unknown type are for workers of another release.
                    AND j.type IN (\(sql: Self.knownTypes)) AND j.attempt < \(literal: Int(Int32.max))
                    AND (j.claim_order, j.id) > (
                        coalesce(\(place?.order) AT TIME ZONE 'UTC', '-infinity'),
                        coalesce(\(place?.job), '00000000-0000-0000-0000-000000000000')
                    )
                    \(sql: poolLimit > 0 ? "" : "AND \(sql: .isAwaited("j"))")
                    AND stoker_tags_match(j.tags, me.tags)
                    AND (me.organization_ids = '{}' OR j.organization_id = ANY(me.organization_ids))
                    AND NOT EXISTS (
                        SELECT FROM caps
                        WHERE caps.free = 0 AND caps.id IN (\(sql: Self.template(of: "j")), j.organization_id)
                    )
                ORDER BY j.claim_order, j.id
                LIMIT \(literal: limit)
                FOR NO KEY UPDATE OF j SKIP LOCKED
            ), chosen AS (
                SELECT d.row FROM due d
                WHERE \(sql: poolLimit < limit ? isInPoolLimit : "true")
                    -- Evaluated only when there is a cap: how many of the jobs before it count against the same cap.
                    AND NOT EXISTS (
                        SELECT FROM caps WHERE caps.id = d.template_id AND caps.free < (
                            SELECT count(*) FROM due b
                            WHERE b.template_id = d.template_id AND (b.claim_order, b.id) <= (d.claim_order, d.id)
                        )
                    )
                    AND NOT EXISTS (
                        SELECT FROM caps WHERE caps.id = d.organization_id AND caps.free < (
                            SELECT count(*) FROM due b
                            WHERE b.organization_id = d.organization_id AND (b.claim_order, b.id) <= (d.claim_order, d.id)
                        )
                    )
            ), claimed AS (
                UPDATE provisioner_jobs j
                SET worker_id = \(worker), started_at = now(), attempt = j.attempt + 1, claim_epoch = j.claim_epoch + 1,
                    updated_at = now()
                -- The row is locked, so it has not moved.
                FROM chosen WHERE j.ctid = chosen.row
                RETURNING j.id, j.claim_epoch, j.type, j.provisioner, j.priority, j.attempt, j.max_attempts,
                    j.refresh_first, \(sql: PoolPlace.waitsSince()) AS available_at, j.started_at, j.input, j.trace_metadata, j.claim_order
            )
            SELECT c.id, c.claim_epoch, c.type::text AS type, c.provisioner::text AS provisioner, c.priority, c.attempt,
                c.max_attempts, c.refresh_first, c.available_at, c.started_at,
                coalesce(c.input @> '{"no_op": true}', false) AS is_no_op, c.trace_metadata,
                c.claim_order AT TIME ZONE 'UTC' AS place, (SELECT count(*) FROM due) = \(literal: limit) AS is_cut
            FROM claimed c ORDER BY c.claim_order, c.id
            """
        )
    }

    private static let knownTypes = SQL(trusted: JobType.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", "))

    /// Limits pool refills to their share.
    private var isInPoolLimit: SQL {
        """
        (\(sql: .isAwaited("d")) OR \(poolLimit) >= (
            SELECT count(*) FROM due b WHERE NOT \(sql: .isAwaited("b")) AND (b.claim_order, b.id) <= (d.claim_order, d.id)
        ))
        """
    }

    /// The template of a job's build; looked up for a job that was inserted without it.
    static func template(of job: String) -> SQL {
        """
        coalesce(\(identifier: job).template_id, (
            SELECT w.template_id FROM workspace_builds b JOIN workspaces w ON w.id = b.workspace_id
            WHERE b.job_id = \(identifier: job).id
        ))
        """
    }

    /// The claimed jobs in their order, and whether the limit bounded the search, and not the end of the queue.
    static func read(_ answers: [QueryResult]) throws -> (jobs: [ClaimedJob], isCut: Bool) {
        guard let rows = answers.last else { return ([], false) }
        return (try rows.map(ClaimedJob.init), try rows.last?["is_cut"] ?? false)
    }
}

extension ClaimedJob {
    fileprivate init(_ row: Row) throws {
        let held = HeldJob(id: try row["id"], epoch: try row["claim_epoch"])
        self.init(
            held: held,
            type: try row.label("type"),
            provisioner: try row["provisioner"],
            jobClass: try row["priority"],
            attempt: try row["attempt"],
            maxAttempts: try row["max_attempts"],
            refreshFirst: try row["refresh_first"],
            availableAt: try row["available_at"],
            startedAt: try row["started_at"],
            isNoOp: try row["is_no_op"],
            trace: try row["trace_metadata"],
            place: QueuePlace(order: try row["place"], job: held.id)
        )
    }
}
