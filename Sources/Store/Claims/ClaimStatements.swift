// SPDX-License-Identifier: Apache-2.0

package import Domain
package import PostgresClient
import Prebuilds

/// The statements of the two ways to serve a claim, each for one round trip and one implicit transaction.
package struct ClaimStatements {
    let id: ClaimID
    let request: ClaimRequest
    let target: ClaimTarget
    /// Whether the claim has, or takes, a place in the queue of waiting claims.
    let isQueued: Bool

    /// - Parameter target: The result of ``Store/resolve(_:)``.
    package init(id: ClaimID, request: ClaimRequest, target: ClaimTarget, isQueued: Bool) {
        self.id = id
        self.request = request
        self.target = target
        self.isQueued = isQueued
    }

    /// Hands over an eligible prebuild. The last statement returns a row when there was one; for a claim with a key,
    /// the statement before it returns the earlier result of the key.
    package var bindings: [Statement] { (isQueued ? [queueUp] : []) + oncePerKey + [bind] }

    /// Builds a new workspace. As ``bindings``; no row when the template has changed since the lookup.
    var freshBuild: [Statement] { oncePerKey + [build] }

    /// Reads the row of either way.
    func result(_ row: Row) throws -> ClaimResult {
        ClaimResult(
            claimID: id,
            outcome: try row["outcome"],
            reason: try row["reason"],
            workspaceID: try row["workspace_id"],
            workspaceName: request.name,
            templateName: target.templateName,
            presetName: target.presetName,
            ownerName: target.ownerName,
            buildID: try row["build_id"],
            buildNumber: try row["build_number"],
            jobID: try row["job_id"],
            isRepeat: false
        )
    }

    /// Serialises claims with the same key, so that later ones see the result of the first.
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

    /// The place in the queue stays the first one, whatever happens to the preset.
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

    /// Whether no other claim has waited for longer. Claims that do not wait ignore the queue.
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
    /// Takes the oldest prebuild that is eligible, not expired and of the active version, and hands it over.
    ///
    /// The lock is on the base table, and all columns that another transaction may change are on that row (owner,
    /// deleted, retiring), so the lock's holder sees their current values.
    private var bind: Statement {
        Statement(
            "claims.bind",
            within: .seconds(10),
            """
            WITH candidate AS MATERIALIZED (
                SELECT w.id, b.id AS build_id, b.build_number
                FROM workspaces w
                CROSS JOIN LATERAL \(sql: .latestBuild()) b
                JOIN provisioner_jobs j ON j.id = b.job_id AND j.job_status = 'succeeded'
                JOIN template_version_presets p ON p.id = b.template_version_preset_id
                WHERE \(sql: .isPrebuild()) AND NOT w.retiring
                    AND w.template_id = \(target.templateID) AND p.id = \(target.presetID)
                    AND b.transition = 'start' AND b.template_version_id = \(target.versionID)
                    AND NOT \(sql: .isExpired())
                    AND (\(sql: .agentsReady(ofJob: "b.job_id", declared: .declaredAgents(of: "\(target.versionID)"))))
                    AND \(sql: isOffered) AND \(sql: keyIsNew) AND \(sql: isNext)
                ORDER BY w.created_at, w.id
                LIMIT 1
                FOR UPDATE OF w SKIP LOCKED
            ), bound AS (
                UPDATE workspaces w SET owner_id = \(target.ownerID), name = \(request.name), prebuild_name = w.name,
                    claimed_at = now(), last_used_at = now(), updated_at = now()
                FROM candidate WHERE w.id = candidate.id
                RETURNING w.id AS workspace_id, \(sql: columns), candidate.build_id AS last_build_id,
                    candidate.build_number + 1 AS build_number, \(ClaimOutcome.hit.rawValue) AS outcome, \(sql: waitedFor) AS reason
            ), \(sql: handOver(.claim, parameters: .parameters(ofBuild: "n.last_build_id")))
            """
        )
    }

    /// The workspace in `bound`.
    private var columns: SQL {
        """
        \(target.organizationID) AS organization_id, \(target.templateID) AS template_id, \(target.versionID) AS version_id,
            \(target.presetID) AS preset_id, gen_random_uuid() AS build_id, gen_random_uuid() AS job_id
        """
    }

    /// Distinguishes a claim that waited from one that was served at once: it has looked before.
    private var waitedFor: SQL {
        guard isQueued else { return "''" }
        return """
            CASE WHEN EXISTS (
                SELECT FROM workspace_claim_waiters q WHERE q.id = \(id) AND q.created_at < \(target.askedAt)
            ) THEN 'it waited for a refill' ELSE '' END
            """
    }

    /// Builds a new workspace for the claimant, because no prebuild is eligible.
    private var build: Statement {
        let (capped, quota) = (Withheld.Reason.capped, Withheld.Reason.quota)
        let isEmpty = target.missOutcome == .missEmpty
        return Statement(
            "claims.build",
            within: .seconds(10),
            """
            WITH said AS (
                -- The reconciler's latest decision about the pool: what it withheld, and why.
                SELECT w->>'reason' IN (\(quoted: capped.rawValue), \(quoted: quota.rawValue)) AS is_capped,
                    w->>'message' AS message
                FROM (
                    SELECT withheld FROM prebuild_decisions d WHERE d.preset_id = \(target.presetID)
                    ORDER BY d.id DESC LIMIT 1
                ) last, jsonb_array_elements(last.withheld) w
                WHERE w->>'type' = 'create' LIMIT 1
            ), bound AS MATERIALIZED (
                SELECT gen_random_uuid() AS workspace_id, \(sql: columns), 1 AS build_number,
                    CASE
                        WHEN \(isEmpty) AND (SELECT is_capped FROM said) THEN \(quoted: ClaimOutcome.missCapped.rawValue)
                        ELSE \(target.missOutcome.rawValue)
                    END AS outcome,
                    CASE
                        WHEN \(isEmpty) THEN coalesce((SELECT message FROM said), \(target.missReason))
                        ELSE \(target.missReason)
                    END AS reason
                WHERE \(sql: isOffered) AND \(sql: keyIsNew)
            ), new_workspace AS (
                INSERT INTO workspaces (id, owner_id, organization_id, template_id, name)
                SELECT workspace_id, \(target.ownerID), organization_id, template_id, \(request.name) FROM bound
            ), \(sql: handOver(.initiator, parameters: .parameters(ofPreset: "n.preset_id", version: "n.version_id")))
            """
        )
    }

    /// Whether the version of the lookup is still the active one.
    private var isOffered: SQL {
        "EXISTS (SELECT FROM templates o WHERE o.id = \(target.templateID) AND \(sql: .isActive("\(target.versionID)", of: "o")))"
    }

    /// The build, its job, the record of the claim, and the notifications, for the workspace in `bound`.
    ///
    /// - Parameter parameters: Parameters of the build that the claim does not set: `name` and `value` for the row `n`
    ///   of `bound`.
    private func handOver(_ reason: BuildReason, parameters: SQL) -> SQL {
        let builds = NewBuilds(
            rows: "bound",
            transition: .start,
            reason: reason,
            initiator: "\(target.ownerID)",
            jobClass: .interactive
        )
        let given = target.parameters.sorted { $0.key < $1.key }
        let values: SQL = """
            SELECT given.name, given.value FROM given
            UNION ALL
            SELECT o.name, o.value FROM (\(sql: parameters)) o WHERE o.name NOT IN (SELECT name FROM given)
            """
        return """
            \(sql: builds.terms), given AS (
                SELECT * FROM unnest(\(given.map(\.key)), \(given.map(\.value))) g(name, value)
            ), \(sql: builds.parameters(values)), new_claim AS (
                INSERT INTO workspace_claims (id, organization_id, template_id, preset_id, claimant_id, workspace_id, outcome,
                    outcome_reason, idempotency_key, request_hash, bound_at, created_at)
                SELECT \(id), organization_id, template_id, preset_id, \(target.ownerID), workspace_id, outcome, reason,
                    \(request.idempotencyKey), \(request.digest(giving: target.parameters)), clock_timestamp(), \(sql: askedAt)
                FROM bound
            )\(sql: leaveQueue)
            SELECT outcome, reason, workspace_id, build_id, build_number, job_id,
                \(sql: News.column(News.jobs(of: "new_jobs"), News.reconcile, nextInQueue))
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

    /// Wakes the next claim in the queue at once.
    private var nextInQueue: SQL {
        isQueued ? News.on(Channel.ready, "(SELECT preset_id FROM served)") : "NULL"
    }

    /// The time of the claim: for one that waited, when it took its place.
    private var askedAt: SQL {
        guard isQueued else { return "\(target.askedAt)" }
        return "coalesce((SELECT q.created_at FROM workspace_claim_waiters q WHERE q.id = \(id)), \(target.askedAt))"
    }
}
