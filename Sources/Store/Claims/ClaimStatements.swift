// SPDX-License-Identifier: Apache-2.0

package import Domain
package import PostgresClient

/// The two ways in which a claim is served, each for one round trip and one implicit transaction.
package struct ClaimStatements {
    let id: ClaimID
    let request: ClaimRequest
    let target: ClaimTarget
    /// Whether it has, or takes, a place among those that wait for a prebuild.
    let isQueued: Bool

    /// - Parameter target: What ``Store/resolve(_:)`` made of the request.
    package init(id: ClaimID, request: ClaimRequest, target: ClaimTarget, isQueued: Bool) {
        self.id = id
        self.request = request
        self.target = target
        self.isQueued = isQueued
    }

    /// Hand over a ready prebuild. The last returns a row when there is one; of a claim with a key, the one before returns
    /// what the key has given already.
    package var bindings: [Statement] { (isQueued ? [queueUp] : []) + oncePerKey + [bind] }

    /// Build a workspace from the start. As ``bindings``; no row when the template has changed since it was looked up.
    var freshBuild: [Statement] { oncePerKey + [build] }

    /// Reads the row of either.
    func result(_ row: Row) throws -> ClaimResult {
        var row = RowReader(row)
        return ClaimResult(
            claimID: id,
            outcome: try ClaimOutcome(rawValue: row.next()) ?? .error,
            reason: try row.next(),
            workspaceID: try row.next(),
            workspaceName: request.name,
            templateName: target.templateName,
            presetName: target.presetName,
            ownerName: target.ownerName,
            buildID: try row.next(),
            buildNumber: try row.next(),
            jobID: try row.next(),
            isRepeat: false
        )
    }

    /// Claims with the same key go one after the other, and the later ones see what the first has got.
    private var oncePerKey: [Statement] {
        guard let key = request.idempotencyKey else { return [] }
        return [
            Statement(
                "claims.lock_key",
                within: .seconds(10),
                "SELECT pg_advisory_xact_lock(hashtextextended(\(key), \(Int64(bitPattern: target.ownerID.low))))"
            ),
            EarlierClaim.statement(key, of: request.owner),
        ]
    }

    private var keyIsNew: SQL {
        guard let key = request.idempotencyKey else { return "true" }
        return """
            NOT EXISTS (
                SELECT FROM workspace_claims k WHERE k.claimant_id = \(target.ownerID) AND k.idempotency_key = \(key)
            )
            """
    }

    /// The place in the queue is the first one it had, whatever has become of the preset since.
    private var queueUp: Statement {
        Statement(
            "claims.queue_up",
            within: .seconds(5),
            """
            WITH dead AS (
                DELETE FROM workspace_claim_waiters WHERE lease_expires_at < now() - interval '1 minute'
            )
            INSERT INTO workspace_claim_waiters (id, preset_id, lease_expires_at)
            VALUES (\(id), \(target.presetID), now() + make_interval(secs => \(ClaimWaiter.lease.inSeconds)))
            ON CONFLICT (id) DO UPDATE
            SET preset_id = excluded.preset_id, lease_expires_at = excluded.lease_expires_at
            """
        )
    }

    /// Whether nobody has waited for longer. Claims that do not wait take what there is.
    private var isNext: SQL {
        guard isQueued else { return "true" }
        return """
            NOT EXISTS (
                SELECT FROM workspace_claim_waiters me
                JOIN workspace_claim_waiters o ON o.preset_id = me.preset_id AND (o.created_at, o.id) < (me.created_at, me.id)
                WHERE me.id = \(id) AND o.lease_expires_at > now()
            )
            """
    }
}

extension ClaimStatements {
    /// Takes the oldest prebuild that is ready, not expired and of the active version, and hands it over.
    ///
    /// The lock is on the base table, and everything that another transaction may change about the row is on the row
    /// (owner, deleted, retiring): whoever gets the lock sees it as it is.
    private var bind: Statement {
        Statement(
            "claims.bind",
            within: .seconds(10),
            """
            WITH candidate AS MATERIALIZED (
                SELECT w.id, b.id AS build_id, b.build_number
                FROM workspaces w
                CROSS JOIN LATERAL (
                    SELECT * FROM workspace_builds l WHERE l.workspace_id = w.id ORDER BY l.build_number DESC LIMIT 1
                ) b
                JOIN provisioner_jobs j ON j.id = b.job_id AND j.job_status = 'succeeded'
                JOIN template_version_presets p ON p.id = b.template_version_preset_id
                WHERE w.owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0' AND NOT w.deleted AND NOT w.retiring
                    AND w.template_id = \(target.templateID) AND p.id = \(target.presetID)
                    AND b.transition = 'start' AND b.template_version_id = \(target.versionID)
                    AND (coalesce(p.invalidate_after_secs, 0) <= 0
                        OR now() - w.created_at <= make_interval(secs => p.invalidate_after_secs))
                    AND (p.last_invalidated_at IS NULL OR w.created_at >= p.last_invalidated_at)
                    AND \(sql: agentsReady)
                    AND \(sql: isOffered) AND \(sql: keyIsNew) AND \(sql: isNext)
                ORDER BY w.created_at, w.id
                LIMIT 1
                FOR UPDATE OF w SKIP LOCKED
            ), bound AS (
                UPDATE workspaces w SET owner_id = \(target.ownerID), name = \(request.name), prebuild_name = w.name,
                    claimed_at = now(), last_used_at = now(), updated_at = now()
                FROM candidate WHERE w.id = candidate.id
                RETURNING w.id, candidate.build_id AS last_build_id, candidate.build_number + 1 AS build_number,
                    gen_random_uuid() AS build_id, gen_random_uuid() AS job_id, \(ClaimOutcome.hit.rawValue) AS outcome,
                    \(sql: waitedFor) AS reason
            ), \(sql: handOver(reason: "claim"))
            """
        )
    }

    /// How a claim that had to wait is told from one that was served at once: it has looked before.
    private var waitedFor: SQL {
        guard isQueued else { return "''" }
        return """
            CASE WHEN EXISTS (
                SELECT FROM workspace_claim_waiters q WHERE q.id = \(id) AND q.created_at < \(target.askedAt)
            ) THEN 'it waited for a refill' ELSE '' END
            """
    }

    /// A workspace of the claimant's own from the start, for want of a prebuild.
    private var build: Statement {
        Statement(
            "claims.build",
            within: .seconds(10),
            """
            WITH said AS (
                -- The reconciler's last word on the pool: what it withheld, and why.
                SELECT w->>'reason' IN ('capped', 'quota') AS is_capped, w->>'message' AS message
                FROM (
                    SELECT withheld FROM prebuild_decisions d WHERE d.preset_id = \(target.presetID)
                    ORDER BY d.id DESC LIMIT 1
                ) last, jsonb_array_elements(last.withheld) w
                WHERE w->>'type' = 'create' LIMIT 1
            ), bound AS MATERIALIZED (
                SELECT gen_random_uuid() AS id, NULL::uuid AS last_build_id, 1 AS build_number,
                    gen_random_uuid() AS build_id, gen_random_uuid() AS job_id,
                    CASE
                        WHEN \(target.missOutcome.rawValue) = 'miss_empty' AND (SELECT is_capped FROM said) THEN 'miss_capped'
                        ELSE \(target.missOutcome.rawValue)
                    END AS outcome,
                    CASE
                        WHEN \(target.missOutcome.rawValue) = 'miss_empty'
                            THEN coalesce((SELECT message FROM said), \(target.missReason))
                        ELSE \(target.missReason)
                    END AS reason
                WHERE \(sql: isOffered) AND \(sql: keyIsNew)
            ), new_workspace AS (
                INSERT INTO workspaces (id, owner_id, organization_id, template_id, name)
                SELECT id, \(target.ownerID), \(target.organizationID), \(target.templateID), \(request.name) FROM bound
            ), \(sql: handOver(reason: "initiator"))
            """
        )
    }

    /// Whether the version that was looked up is still the one to be given.
    private var isOffered: SQL {
        """
        EXISTS (
            SELECT FROM templates o WHERE o.id = \(target.templateID) AND o.active_version_id = \(target.versionID)
                AND NOT o.deleted AND o.deprecated = ''
        )
        """
    }

    /// As the function `stoker_agents_ready` says it, which the planner cannot look into.
    private var agentsReady: SQL {
        """
        NOT EXISTS (
            SELECT FROM workspace_resources r JOIN workspace_agents a ON a.resource_id = r.id
            WHERE r.job_id = b.job_id AND NOT a.deleted AND a.lifecycle_state <> 'ready'
        ) AND (
            SELECT count(*) FROM template_version_agents d WHERE d.template_version_id = \(target.versionID)
        ) <= (
            SELECT count(*) FROM workspace_resources r JOIN workspace_agents a ON a.resource_id = r.id
            WHERE r.job_id = b.job_id AND NOT a.deleted AND a.lifecycle_state = 'ready'
        )
        """
    }

    /// The build and its job, the record of the claim, and the wake-ups, for the workspace in `bound`.
    private func handOver(reason: String) -> SQL {
        """
        new_job AS (
            INSERT INTO provisioner_jobs (id, organization_id, initiator_id, type, provisioner, input, file_id, tags,
                priority, template_id, workspace_id, trace_metadata)
            SELECT bound.job_id, \(target.organizationID), \(target.ownerID), 'workspace_build', t.provisioner,
                jsonb_build_object('workspace_build_id', bound.build_id), v.file_id,
                coalesce(v.tags, '{"scope":"organization","owner":""}'), \(JobClass.interactive.rawValue), t.id, bound.id,
                \(TraceContext.current)
            FROM bound, templates t, template_versions v
            WHERE t.id = \(target.templateID) AND v.id = \(target.versionID)
            RETURNING claim_order
        ), new_build AS (
            INSERT INTO workspace_builds (id, workspace_id, template_version_id, build_number, transition, initiator_id,
                job_id, reason, template_version_preset_id)
            SELECT build_id, id, \(target.versionID), build_number, 'start', \(target.ownerID), job_id,
                \(reason)::build_reason, \(target.presetID)
            FROM bound
        ), given AS (
            SELECT * FROM unnest(\(target.parameters.keys.sorted()),
                \(target.parameters.sorted { $0.key < $1.key }.map(\.value))) g(name, value)
        ), new_parameters AS (
            INSERT INTO workspace_build_parameters (workspace_build_id, name, value)
            SELECT bound.build_id, x.name, x.value
            FROM bound CROSS JOIN LATERAL (
                SELECT given.name, given.value FROM given
                UNION ALL
                SELECT l.name, l.value FROM workspace_build_parameters l
                WHERE l.workspace_build_id = bound.last_build_id AND l.name NOT IN (SELECT name FROM given)
                UNION ALL
                SELECT p.name, p.value FROM template_version_preset_parameters p
                WHERE bound.last_build_id IS NULL AND p.template_version_preset_id = \(target.presetID)
                    AND p.name NOT IN (SELECT name FROM given)
                UNION ALL
                SELECT d.name, d.default_value FROM template_version_parameters d
                WHERE bound.last_build_id IS NULL AND d.template_version_id = \(target.versionID) AND NOT d.required
                    AND d.default_value <> ''
                    AND d.name NOT IN (SELECT name FROM given)
                    AND d.name NOT IN (
                        SELECT p.name FROM template_version_preset_parameters p
                        WHERE p.template_version_preset_id = \(target.presetID)
                    )
            ) x
        ), new_claim AS (
            INSERT INTO workspace_claims (id, organization_id, template_id, preset_id, claimant_id, workspace_id, outcome,
                outcome_reason, idempotency_key, request_hash, bound_at, created_at)
            SELECT \(id), \(target.organizationID), \(target.templateID), \(target.presetID), \(target.ownerID), bound.id,
                bound.outcome, bound.reason, \(request.idempotencyKey), \(request.digest(giving: target.parameters)), clock_timestamp(),
                \(sql: askedAt)
            FROM bound
        )\(sql: leaveQueue)
        SELECT bound.outcome, bound.reason, bound.id, bound.build_id, bound.build_number, bound.job_id,
            \(sql: News.column(News.jobs(of: "new_job"), News.reconcile, nextInQueue))
        FROM bound
        """
    }

    private var leaveQueue: SQL {
        guard isQueued else { return "" }
        return """
            , served AS (
                DELETE FROM workspace_claim_waiters q USING bound WHERE q.id = \(id)
                RETURNING q.preset_id
            )
            """
    }

    /// The next one in the queue looks at once.
    private var nextInQueue: SQL {
        isQueued ? News.on(Channel.ready, "(SELECT preset_id FROM served)") : "NULL"
    }

    /// When the claim was made: for one that waited, when it took its place.
    private var askedAt: SQL {
        guard isQueued else { return "\(target.askedAt)" }
        return "coalesce((SELECT q.created_at FROM workspace_claim_waiters q WHERE q.id = \(id)), \(target.askedAt))"
    }
}
