// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// A claim whose names are looked up, with the ids of the rows that it will write.
package struct PreparedClaim: Sendable {
    let id: ClaimID
    let request: ClaimRequest
    let target: ClaimTarget
    /// Whether the claim has, or takes, a place in the queue of waiting claims.
    let isQueued: Bool
    /// Whether it looks at another pool than the one in whose queue it has its place.
    let isElsewhere: Bool
    let buildID: BuildID
    let jobID: JobID
    /// The trace of the caller: several claims may go to the server together.
    let trace = TraceContext.current
    /// Its entry of the audit log; `nil`: there is none to write.
    let note: AuditNote?

    init(
        id: ClaimID,
        request: ClaimRequest,
        target: ClaimTarget,
        isQueued: Bool,
        isElsewhere: Bool = false,
        note: AuditNote? = nil
    ) {
        self.id = id
        self.request = request
        self.target = target
        self.isQueued = isQueued
        self.isElsewhere = isElsewhere
        self.note = note
        buildID = .timeOrdered(at: target.askedAt)
        jobID = .timeOrdered(at: target.askedAt)
    }

    /// Reads the row of a claim that was served.
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
            buildID: buildID,
            buildNumber: try row["build_number"],
            jobID: jobID,
            isRepeat: false
        )
    }
}

/// What both ways to serve claims write: for a ready prebuild, or for a new workspace. Each is one statement for any
/// number of claims, so that they share a round trip and a commit.
struct ClaimWriting {
    let claims: [PreparedClaim]

    private var hasKeys: Bool { claims.contains { $0.request.idempotencyKey != nil } }
    private var hasParameters: Bool { claims.contains { !$0.target.parameters.isEmpty } }
    private var isQueued: Bool { claims.contains(where: \.isQueued) }
    private var noted: [(claim: ClaimID, note: AuditNote)] {
        claims.compactMap { claim in claim.note.map { (claim.id, $0) } }
    }

    /// The first term: the claims, without those whose key has been used, those behind others in the queue, and those
    /// that could only fail the others.
    ///
    /// - Parameter inTurn: Whether a claim that waits stands back behind those that have waited for longer.
    func asked(inTurn: Bool) -> SQL {
        """
        asked AS MATERIALIZED (
            SELECT a.* FROM unnest(
                \(claims.map(\.id)), \(claims.map(\.target.ownerID)), \(claims.map(\.request.name)),
                \(claims.map(\.target.organizationID)), \(claims.map(\.target.templateID)), \(claims.map(\.target.versionID)),
                \(claims.map(\.target.presetID)), \(claims.map(\.buildID)), \(claims.map(\.jobID)),
                \(claims.map(\.request.idempotencyKey)), \(claims.map { $0.request.digest(giving: $0.target.parameters) }),
                \(claims.map(\.trace)), \(claims.map(\.target.askedAt))
            ) WITH ORDINALITY a(claim_id, owner_id, name, organization_id, template_id, version_id, preset_id, build_id,
                job_id, idempotency_key, request_hash, trace_metadata, asked_at, place)
            WHERE \(sql: keyIsNew) AND \(sql: inTurn ? isNext : "true") AND \(sql: nameIsFree)
        )
        """
    }

    /// Whether the owner has no workspace of this name. A claim alone finds out when it writes.
    private var nameIsFree: SQL {
        guard claims.count > 1 else { return "true" }
        return """
            NOT EXISTS (
                SELECT FROM workspaces x
                WHERE x.owner_id = a.owner_id AND lower(x.name) = lower(a.name) AND NOT x.deleted
            )
            """
    }

    private var keyIsNew: SQL {
        guard hasKeys else { return "true" }
        return """
            NOT EXISTS (
                SELECT FROM workspace_claims k WHERE k.claimant_id = a.owner_id AND k.idempotency_key = a.idempotency_key
            )
            """
    }

    /// Whether no other claim has waited for the pool for longer. Claims that do not wait ignore the queue.
    private var isNext: SQL {
        guard isQueued else { return "true" }
        return """
            NOT EXISTS (
                SELECT FROM workspace_claim_waiters me
                JOIN workspace_claim_waiters o ON o.preset_id = a.preset_id AND (o.created_at, o.id) < (me.created_at, me.id)
                WHERE me.id = a.claim_id AND o.lease_expires_at > now()
            )
            """
    }

    /// The reason of a hit that was not immediate.
    static let waited = "it waited for a refill"

    /// Distinguishes a claim that waited from one that was served at once: it has looked before.
    var waitedFor: SQL {
        guard isQueued else { return "''" }
        return """
            CASE WHEN EXISTS (
                SELECT FROM workspace_claim_waiters q WHERE q.id = n.claim_id AND q.created_at < n.asked_at
            ) THEN \(quoted: Self.waited) ELSE '' END
            """
    }

    /// The last terms and the answer, for the workspaces in `bound`: the builds, their jobs, the records of the claims,
    /// and the notifications.
    ///
    /// - Parameter parameters: Parameters of a build that its claim does not set: `name` and `value` for the row `n` of
    ///   `bound`.
    func handOver(_ reason: BuildReason, parameters: SQL) -> SQL {
        let builds = NewBuilds(
            rows: "bound",
            transition: .start,
            reason: reason,
            initiator: "n.owner_id",
            jobClass: .interactive,
            trace: "n.trace_metadata"
        )
        return """
            \(sql: builds.terms)\(sql: given), \(sql: builds.parameters(hasParameters ? completed(parameters) : parameters)),
            new_claims AS (
                INSERT INTO workspace_claims (id, organization_id, template_id, preset_id, claimant_id, workspace_id, outcome,
                    outcome_reason, idempotency_key, request_hash, bound_at, created_at)
                SELECT n.claim_id, n.organization_id, n.template_id, n.preset_id, n.owner_id, n.workspace_id, n.outcome,
                    n.reason, n.idempotency_key, n.request_hash, clock_timestamp(), \(sql: askedAt)
                FROM bound n
            )\(sql: leaveQueue)\(sql: audit)
            SELECT claim_id, outcome, reason, workspace_id, build_number,
                \(sql: News.column(News.jobs(of: "new_jobs"), News.reconcile("bound.preset_id"), nextInQueue, leftQueue))
            FROM bound
            """
    }

    /// The values that the claims set.
    private var given: SQL {
        guard hasParameters else { return "" }
        let given = claims.flatMap { claim in
            claim.target.parameters.sorted { $0.key < $1.key }.map { (claim: claim.id, name: $0.key, value: $0.value) }
        }
        return """
            , given AS MATERIALIZED (
                SELECT * FROM unnest(\(given.map(\.claim)), \(given.map(\.name)), \(given.map(\.value))) g(claim_id, name, value)
            )
            """
    }

    private func completed(_ parameters: SQL) -> SQL {
        """
        SELECT given.name, given.value FROM given WHERE given.claim_id = n.claim_id
        UNION ALL
        SELECT o.name, o.value FROM (\(sql: parameters)) o
        WHERE NOT EXISTS (SELECT FROM given WHERE given.claim_id = n.claim_id AND given.name = o.name)
        """
    }

    private var leaveQueue: SQL {
        guard isQueued else { return "" }
        return """
            , served AS (
                DELETE FROM workspace_claim_waiters q USING bound WHERE q.id = bound.claim_id
                RETURNING q.preset_id
            )
            """
    }

    /// The entries of the audit log, of the claims that are served.
    private var audit: SQL {
        let noted = noted
        guard !noted.isEmpty else { return "" }
        return """
            , noted AS (
                INSERT INTO audit_entries (\(sql: AuditNote.columns))
                SELECT e.actor, e.actor_id, e.origin, e.action, e.resource, e.target, e.details FROM unnest(
                    \(noted.map(\.claim)), \(noted.map(\.note.actor)), \(noted.map(\.note.actorID)),
                    \(noted.map(\.note.origin.rawValue)), \(noted.map(\.note.action)), \(noted.map(\.note.resource)),
                    \(noted.map(\.note.target)), \(noted.map(\.note.details))
                ) e(claim_id, actor, actor_id, origin, action, resource, target, details)
                JOIN bound ON bound.claim_id = e.claim_id
            )
            """
    }

    /// Wakes the next claim in the queue at once.
    private var nextInQueue: SQL {
        isQueued ? News.on(Channel.ready, "(SELECT min(preset_id::text) FROM served)") : "NULL"
    }

    /// The pool in whose queue the claim had its place has one less to make.
    private var leftQueue: SQL {
        isQueued ? News.on(Channel.reconcile, "(SELECT min(preset_id::text) FROM served)") : "NULL"
    }

    /// The time of the claim: for one that waited, when it took its place.
    private var askedAt: SQL {
        guard isQueued else { return "n.asked_at" }
        return "coalesce((SELECT q.created_at FROM workspace_claim_waiters q WHERE q.id = n.claim_id), n.asked_at)"
    }
}

extension ClaimWriting {
    /// Serialises claims with the same keys, so that later ones see the result of the first, and reads those results.
    /// Empty when no claim has a key.
    var oncePerKey: [Statement] {
        guard hasKeys else { return [] }
        let keyed = claims.filter { $0.request.idempotencyKey != nil }
        return [
            Statement(
                "claims.lock_keys",
                within: .seconds(10),
                """
                SELECT pg_advisory_xact_lock(hash) FROM (
                    SELECT DISTINCT hashtextextended(k.key, k.claimant) AS hash
                    FROM unnest(\(keyed.map(\.request.idempotencyKey)), \(keyed.map { Int64(bitPattern: $0.target.ownerID.low) }))
                        k(key, claimant)
                    ORDER BY hash
                ) locks
                """
            ),
            EarlierClaim.statement(of: claims.map(\.request)),
        ]
    }
}
