// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Time

extension Store {
    /// Why the job is pending; empty when it is not.
    package func pendingReasons(of job: JobID) async throws -> [PendingReason] {
        guard let row = try await pool.execute(Self.pendingFacts(of: job)).first else { return [] }
        let (
            now, availableAt, retryReason, tags, organization, template, isMaintenance, until, reason, by, isRefill,
            workers, matching, eligible, active, slots, busy, templateCap, templateRunning, organizationCap,
            organizationRunning, ahead
        ) = try row.decode(
            Instant.self,
            Instant.self,
            String.self,
            String.self,
            String.self,
            String.self,
            Bool.self,
            Instant?.self,
            String.self,
            String.self,
            Bool.self,
            Int.self,
            Int.self,
            Int.self,
            Int.self,
            Int.self,
            Int.self,
            Int?.self,
            Int.self,
            Int?.self,
            Int.self,
            Int.self
        )
        return PendingFacts(
            now: now,
            availableAt: availableAt,
            retryReason: retryReason,
            tags: tags,
            organization: organization,
            template: template,
            isMaintenance: isMaintenance,
            maintenanceUntil: until,
            maintenanceReason: reason,
            maintenanceBy: by,
            isRefill: isRefill,
            workers: workers,
            matching: matching,
            eligible: eligible,
            active: active,
            slots: slots,
            busySlots: busy,
            templateCap: templateCap,
            templateRunning: templateRunning,
            organizationCap: organizationCap,
            organizationRunning: organizationRunning,
            ahead: ahead
        ).reasons
    }

    /// The same facts as in the claim: the same tag matcher, and the same counts for caps.
    private static func pendingFacts(of job: JobID) -> Statement {
        Statement(
            "jobs.why_pending",
            within: .seconds(10),
            """
            WITH job AS MATERIALIZED (
                SELECT j.id, j.available_at, j.retry_reason, j.tags, j.claim_order,
                    j.priority = 0 AS is_refill, o.id AS organization_id, o.name AS organization,
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
                FROM workers w, job WHERE w.state <> 'lost' AND w.lease_expires_at > now()
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
                SELECT \(sql: PauseScope.end) AS until, coalesce(s.value->>'reason', '') AS reason,
                    coalesce(s.updated_by, '') AS by
                FROM settings s WHERE \(sql: PauseScope.maintenance.isInForce())
            )
            SELECT now(), job.available_at, coalesce(job.retry_reason, ''), job.tags::text, coalesce(job.organization, ''), coalesce(job.template, ''),
                EXISTS (SELECT FROM maintenance), (SELECT until FROM maintenance),
                coalesce((SELECT reason FROM maintenance), ''), coalesce((SELECT by FROM maintenance), ''), job.is_refill,
                able.workers, able.matching, able.eligible, able.active, able.slots, able.busy,
                job.template_cap::bigint, (
                    SELECT count(*) FROM provisioner_jobs h
                    WHERE h.completed_at IS NULL AND h.worker_id IS NOT NULL
                        AND \(sql: JobClaim.template(of: "h")) = job.template_id
                ),
                job.organization_cap::bigint, (
                    SELECT count(*) FROM provisioner_jobs h
                    WHERE h.completed_at IS NULL AND h.worker_id IS NOT NULL AND h.organization_id = job.organization_id
                ),
                (
                    SELECT count(*) FROM (
                        SELECT FROM provisioner_jobs b
                        WHERE b.job_status = 'pending' AND b.available_at <= now()
                            AND (b.claim_order, b.id) < (job.claim_order, job.id)
                        LIMIT 10000
                    ) before
                )
            FROM job, able
            """
        )
    }
}
