// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Time

extension Store {
    /// Why the job is pending; empty when it is not.
    package func pendingReasons(of job: JobID) async throws -> [PendingReason] {
        try await pool.execute(Self.pendingFacts(of: job)).first.map(PendingFacts.init)?.reasons ?? []
    }

    /// The same facts as in the claim: the same tag matcher, and the same counts for caps.
    private static func pendingFacts(of job: JobID) -> Statement {
        Statement(
            "jobs.why_pending",
            within: .seconds(10),
            """
            WITH job AS MATERIALIZED (
                SELECT j.id, j.available_at, j.retry_reason, j.tags, j.claim_order,
                    NOT \(sql: .isAwaited("j")) AS is_refill, o.id AS organization_id, o.name AS organization,
                    o.max_concurrent_builds AS organization_cap, t.id AS template_id, t.name AS template,
                    t.max_concurrent_builds AS template_cap
                FROM provisioner_jobs j
                LEFT JOIN organizations o ON o.id = j.organization_id
                LEFT JOIN templates t ON NOT t.deleted AND t.id = \(sql: JobClaim.template(of: "j"))
                WHERE j.id = \(job) AND j.job_status = 'pending'
            ), live AS MATERIALIZED (
                SELECT w.state, w.capacity, stoker_tags_match(job.tags, w.tags) AS matches,
                    w.organization_ids = '{}' OR job.organization_id = ANY(w.organization_ids) AS is_for_organization,
                    (SELECT count(*) FROM provisioner_jobs h WHERE h.worker_id = w.id AND h.completed_at IS NULL) AS busy
                FROM workers w, job WHERE \(sql: .isUp("w"))
            ), able AS (
                SELECT count(*) AS workers, count(*) FILTER (WHERE matches) AS matching,
                    count(*) FILTER (WHERE matches AND is_for_organization) AS eligible,
                    count(*) FILTER (WHERE matches AND is_for_organization AND state = 'active') AS active,
                    coalesce(sum(capacity) FILTER (
                        WHERE matches AND is_for_organization AND state = 'active'
                    ), 0)::bigint AS slots,
                    coalesce(sum(busy) FILTER (
                        WHERE matches AND is_for_organization AND state = 'active'
                    ), 0)::bigint AS busy
                FROM live
            ), maintenance AS (
                SELECT \(sql: FleetPause.end) AS until, coalesce(s.value->>'reason', '') AS reason,
                    coalesce(s.updated_by, '') AS by
                FROM settings s WHERE \(sql: FleetPause.Kind.maintenance.isInForce())
            )
            SELECT now() AS now, job.available_at, coalesce(job.retry_reason, '') AS retry_reason, job.tags::text AS tags,
                coalesce(job.organization, '') AS organization, coalesce(job.template, '') AS template,
                EXISTS (SELECT FROM maintenance) AS is_maintenance, (SELECT until FROM maintenance) AS maintenance_until,
                coalesce((SELECT reason FROM maintenance), '') AS maintenance_reason,
                coalesce((SELECT by FROM maintenance), '') AS maintenance_by, job.is_refill,
                able.workers, able.matching, able.eligible, able.active, able.slots, able.busy,
                job.template_cap::bigint AS template_cap, (
                    SELECT count(*) FROM provisioner_jobs h
                    WHERE \(sql: .isRunning("h")) AND \(sql: JobClaim.template(of: "h")) = job.template_id
                ) AS template_running,
                job.organization_cap::bigint AS organization_cap, (
                    SELECT count(*) FROM provisioner_jobs h
                    WHERE \(sql: .isRunning("h")) AND h.organization_id = job.organization_id
                ) AS organization_running,
                (
                    SELECT count(*) FROM (
                        SELECT FROM provisioner_jobs b
                        WHERE b.job_status = 'pending' AND b.available_at <= now()
                            AND (b.claim_order, b.id) < (job.claim_order, job.id)
                        LIMIT 10000
                    ) before
                ) AS ahead
            FROM job, able
            """
        )
    }
}

extension PendingFacts {
    fileprivate init(_ row: Row) throws {
        self.init(
            now: try row["now"],
            availableAt: try row["available_at"],
            retryReason: try row["retry_reason"],
            tags: try row["tags"],
            organization: try row["organization"],
            template: try row["template"],
            isMaintenance: try row["is_maintenance"],
            maintenanceUntil: try row["maintenance_until"],
            maintenanceReason: try row["maintenance_reason"],
            maintenanceBy: try row["maintenance_by"],
            isRefill: try row["is_refill"],
            workers: try row["workers"],
            matching: try row["matching"],
            eligible: try row["eligible"],
            active: try row["active"],
            slots: try row["slots"],
            busySlots: try row["busy"],
            templateCap: try row["template_cap"],
            templateRunning: try row["template_running"],
            organizationCap: try row["organization_cap"],
            organizationRunning: try row["organization_running"],
            ahead: try row["ahead"]
        )
    }
}
