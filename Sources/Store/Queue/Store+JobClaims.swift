// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Time

extension Store {
    /// Takes up to `limit` due jobs for a worker and marks them as running.
    ///
    /// They come in the order of class with ageing, then of due time. A job that another worker is taking at this moment
    /// is skipped, not waited for, so two workers never receive the same job. A worker that is draining, lost or past its
    /// lease gets nothing, and nobody gets anything during maintenance. It claims until the slots are full or nothing more is
    /// to be had.
    ///
    /// - Parameter limit: Free slots.
    /// - Parameter poolLimit: How many of them may go to the refill of pools; the rest is reserved for other classes.
    /// - Parameter place: Only what comes behind it is looked at; `nil` looks from the front. A claim walks over every entry
    ///   of the queue's index that was claimed and not yet vacuumed, so a worker that has just claimed goes on from there.
    /// - Parameter finished: Jobs that leave nothing behind, which end in the first claim's round trip and commit.
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
                // Those before are this worker's by now.
                break
            }
            finished = []
            claimed += jobs
            poolLimit -= jobs.count { $0.jobClass == .pool }
            // Caps and the pool's limit left slots free, and others may wait behind the jobs that they held back.
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

    /// Only what comes behind it is looked at.
    let place: QueuePlace?

    func statements(finishing finished: [HeldJob]) -> [Statement] {
        finished.isEmpty ? [prepare, claim] : [prepare, Self.finish(finished), claim]
    }

    /// Fenced by epoch alone: together with an array, a condition on the state would make the planner walk all running
    /// jobs for each element. A job that was taken away matches no row, and stays another's.
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

    /// Holds the planner to reading the queue in order, through its index, whatever its statistics say: they are those of
    /// some minutes ago, when the queue may have been empty, and a plan that sorts reads all that waits for each claim. Such
    /// a plan is good for any values, so it is made once.
    ///
    /// Claims that caps may concern go one after the other, so that what the claim counts is what will be true. Without caps
    /// nobody waits.
    private var prepare: Statement {
        Statement(
            "jobs.prepare_claim",
            within: .seconds(5),
            """
            SELECT pg_advisory_xact_lock_shared(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.claims))::text,
                set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true),
                set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true),
                set_config('enable_sort', 'off', true), set_config('enable_hashjoin', 'off', true),
                set_config('enable_mergejoin', 'off', true),
                CASE WHEN EXISTS (SELECT FROM templates WHERE max_concurrent_builds IS NOT NULL AND NOT deleted)
                    OR EXISTS (SELECT FROM organizations WHERE max_concurrent_builds IS NOT NULL)
                THEN pg_advisory_xact_lock(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.caps))::text END
            """
        )
    }

    /// The limit is written into the text: as a parameter it would make the planner guess a tenth of the table.
    private var claim: Statement {
        Statement(
            "jobs.claim",
            // From the front it walks over whatever a transaction that is held open keeps from being vacuumed: tens of
            // millions of entries, perhaps. The first claim of a worker has no other way.
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
                -- Counted once for all caps, and not at all where there are none.
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
                -- Without a worker nothing is walked over.
                WHERE EXISTS (SELECT FROM me) AND j.job_status = 'pending'
                    AND j.claim_order <= now() AT TIME ZONE 'UTC' AND j.available_at <= now()
                    -- What another release has put in is for its workers.
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
                    -- Looked at only where there is a cap: how many of those before it count against the same.
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
                -- The row is locked, so it is still where it was found.
                FROM chosen WHERE j.ctid = chosen.row
                RETURNING j.id, j.claim_epoch, j.type, j.provisioner, j.priority, j.attempt, j.max_attempts,
                    j.refresh_first, j.available_at, j.started_at, j.input, j.trace_metadata, j.claim_order
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

    /// Of the refill of pools, no more than its share.
    private var isInPoolLimit: SQL {
        """
        (\(sql: .isAwaited("d")) OR \(poolLimit) >= (
            SELECT count(*) FROM due b WHERE NOT \(sql: .isAwaited("b")) AND (b.claim_order, b.id) <= (d.claim_order, d.id)
        ))
        """
    }

    /// The template of a job's build; looked up for a job that was put in without it.
    static func template(of job: String) -> SQL {
        """
        coalesce(\(identifier: job).template_id, (
            SELECT w.template_id FROM workspace_builds b JOIN workspaces w ON w.id = b.workspace_id
            WHERE b.job_id = \(identifier: job).id
        ))
        """
    }

    /// The jobs claimed, in their order, and whether the limit, not the end of the queue, bounded the search for them.
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
