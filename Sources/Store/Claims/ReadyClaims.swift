// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// Hands over ready prebuilds to several claims in one statement.
struct ReadyClaims {
    private let claims: [PreparedClaim]
    /// Presets of earlier versions whose prebuilds will do as well, the same for all claims.
    private let predecessors: [PresetID]
    private let writing: ClaimWriting

    init(_ claims: [PreparedClaim]) {
        self.claims = claims
        let groups = Set(claims.map(\.target.predecessors))
        predecessors = groups.count == 1 ? groups.first ?? [] : []
        writing = ClaimWriting(claims: claims)
    }

    /// The answer to each claim: `nil` when no prebuild is eligible, or the claim is not the next in the queue.
    ///
    /// One claim that cannot be written must not fail the others: each is then tried alone.
    static func bind(_ claims: [PreparedClaim], on pool: PostgresPool) async -> [Result<ClaimResult?, any Error>] {
        let groups = Dictionary(grouping: claims.indices) { claims[$0].target.predecessors }
        guard groups.count > 1 else { return await bindAlike(claims, on: pool) }
        // A roll-out concerns some of them.
        var results: [Int: Result<ClaimResult?, any Error>] = [:]
        for places in groups.values {
            results.merge(zip(places, await bindAlike(places.map { claims[$0] }, on: pool))) { $1 }
        }
        return claims.indices.map { results[$0] ?? .success(nil) }
    }

    private static func bindAlike(
        _ claims: [PreparedClaim],
        on pool: PostgresPool
    ) async -> [Result<ClaimResult?, any Error>] {
        do {
            return try await ReadyClaims(claims).bind(on: pool)
        } catch let error as PostgresError where claims.count > 1 && error.isOfItsValues {
            var results: [Result<ClaimResult?, any Error>] = []
            for claim in claims { results += await bindAlike([claim], on: pool) }
            return results
        } catch {
            return claims.map { _ in .failure(error) }
        }
    }

    private func bind(on pool: PostgresPool) async throws -> [Result<ClaimResult?, any Error>] {
        let once = writing.oncePerKey
        let answers = try await pool.executeBatch([.indexPlans] + queueUp + once + [bind])
        var served: [ClaimID: Row] = [:]
        if let rows = answers.last {
            for row in rows { served[try row["claim_id"]] = row }
        }
        let earlier = once.isEmpty ? [:] : try EarlierClaim.read(answers[answers.count - 2])
        return claims.indices.map { index in
            let claim = claims[index]
            return Result {
                if let row = served[claim.id] { return try claim.result(row) }
                return try earlier[index]?.result(for: claim.request)
            }
        }
    }

    /// Hands over what is ready, as a part of a transaction; returns the claims that were served.
    func bind(in transaction: PostgresTransaction) async throws -> [ClaimResult] {
        let once = writing.oncePerKey
        let answers = try await transaction.executeBatch([.indexPlans] + once + [bind])
        guard let rows = answers.last else { return [] }
        let known = Dictionary(uniqueKeysWithValues: claims.map { ($0.id, $0) })
        var results = try rows.compactMap { row in try known[row["claim_id"]]?.result(row) }
        if !once.isEmpty {
            let earlier = try EarlierClaim.read(answers[answers.count - 2])
            results += try earlier.map { place, found in try found.result(for: claims[place].request) }
        }
        return results
    }

    /// The place in the queue stays the first one, whatever happens to the preset.
    private var queueUp: [Statement] {
        let queued = claims.filter { $0.isQueued && !$0.isElsewhere }
        guard !queued.isEmpty else { return [] }
        return [
            Statement(
                "claims.queue_up",
                within: .seconds(5),
                """
                WITH dead AS (\(sql: ClaimWaiter.burial)), before AS MATERIALIZED (
                    SELECT id, preset_id FROM workspace_claim_waiters WHERE id = ANY(\(queued.map(\.id)))
                )
                INSERT INTO workspace_claim_waiters AS w (id, preset_id, lease_expires_at)
                SELECT q.id, q.preset_id, now() + make_interval(secs => \(ClaimWaiter.lease.inSeconds))
                FROM unnest(\(queued.map(\.id)), \(queued.map(\.target.presetID))) q(id, preset_id)
                ON CONFLICT (id) DO UPDATE
                SET preset_id = excluded.preset_id, lease_expires_at = excluded.lease_expires_at
                RETURNING \(sql: News.column(Self.newcomer))
                """
            )
        ]
    }

    /// A claim that takes a place is demand: the reconciler orders a prebuild for it.
    private static let newcomer: SQL = """
        CASE WHEN NOT EXISTS (SELECT FROM before b WHERE b.id = w.id AND b.preset_id = w.preset_id)
            THEN \(sql: News.reconcile("w.preset_id")) END
        """

    /// Takes the oldest prebuilds that are eligible, not expired and of the active version, and hands them over.
    ///
    /// What makes a prebuild eligible is on its own row (`claimable_preset_id`, owner, deleted, retiring), so that one
    /// index finds it, and the lock's holder sees the current values. Rows that another transaction has locked are
    /// skipped, not waited for.
    private var bind: Statement {
        Statement(
            "claims.bind",
            within: .seconds(10),
            """
            WITH \(sql: writing.asked(inTurn: true)), pools AS MATERIALIZED (
                SELECT p.id, wanted.claims, \(sql: .expiry()) AS expiry
                FROM (SELECT preset_id, template_id, version_id, count(*) AS claims FROM asked GROUP BY 1, 2, 3) wanted
                JOIN template_version_presets p ON p.id = wanted.preset_id AND p.template_version_id = wanted.version_id
                JOIN templates o ON o.id = wanted.template_id AND \(sql: .isActive("p.template_version_id", of: "o"))
            ), candidates AS MATERIALIZED (
                SELECT pools.id AS preset_id, c.*
                FROM pools CROSS JOIN LATERAL (
                    SELECT w.id, w.created_at
                    FROM workspaces w
                    WHERE \(sql: .isPrebuild()) AND NOT w.retiring AND w.claimable_preset_id = pools.id
                        AND w.created_at >= coalesce(pools.expiry, '-infinity')
                    ORDER BY w.created_at, w.id
                    LIMIT pools.claims
                    FOR NO KEY UPDATE OF w SKIP LOCKED
                ) c
            )\(sql: earlier), matched AS MATERIALIZED (
                SELECT \(sql: handedOver), w.id AS workspace_id, b.id AS last_build_id, b.build_number + 1 AS build_number
                FROM (SELECT c.*, \(sql: turn(by: ordering)) AS turn FROM \(sql: all) c) w
                JOIN (SELECT c.*, \(sql: turn(by: "c.place")) AS turn FROM asked c) a
                    ON a.preset_id = w.preset_id AND a.turn = w.turn
                CROSS JOIN LATERAL \(sql: .latestBuild()) b
            ), bound AS (
                UPDATE workspaces w SET owner_id = n.owner_id, name = n.name, prebuild_name = w.name,
                    claimed_at = now(), last_used_at = now(), updated_at = now(), labels = n.labels,
                    expires_at = \(sql: ClaimWriting.expiry("n"))
                FROM matched n WHERE w.id = n.workspace_id
                RETURNING n.*, \(ClaimOutcome.hit.rawValue) AS outcome, \(sql: reason) AS reason
            ), \(sql: writing.handOver(.claim, parameters: .parameters(ofBuild: "n.last_build_id"), pool: told))
            """
        )
    }

    /// The oldest prebuilds of earlier versions, for claims that get none of the active one.
    private var earlier: SQL {
        guard !predecessors.isEmpty else { return "" }
        return """
            , earlier AS MATERIALIZED (
                SELECT short.id AS preset_id, c.*
                FROM (
                    SELECT p.id, p.claims - (SELECT count(*) FROM candidates x WHERE x.preset_id = p.id) AS claims FROM pools p
                ) short
                CROSS JOIN LATERAL (
                    SELECT w.id, w.created_at
                    FROM workspaces w JOIN template_version_presets e ON e.id = w.claimable_preset_id
                    WHERE \(sql: .isPrebuild()) AND NOT w.retiring AND w.claimable_preset_id IS NOT NULL
                        AND w.claimable_preset_id = ANY(\(predecessors))
                        AND w.created_at >= coalesce(\(sql: .expiry(of: "e")), '-infinity')
                    ORDER BY w.created_at, w.id
                    LIMIT short.claims
                    FOR NO KEY UPDATE OF w SKIP LOCKED
                ) c
                WHERE short.claims > 0
            )
            """
    }

    /// New ones come first.
    private var all: SQL {
        predecessors.isEmpty
            ? "candidates"
            : "(SELECT x.*, false AS is_earlier FROM candidates x UNION ALL SELECT x.*, true FROM earlier x)"
    }

    private var ordering: SQL { predecessors.isEmpty ? "c.created_at, c.id" : "c.is_earlier, c.created_at, c.id" }

    /// The columns of a claim that is served. The claim build is of the version of the prebuild.
    private var handedOver: SQL {
        guard !predecessors.isEmpty else { return "a.*" }
        return """
            a.claim_id, a.owner_id, a.name, a.organization_id, a.template_id, b.template_version_id AS version_id,
                b.template_version_preset_id AS preset_id, a.build_id, a.job_id, a.idempotency_key, a.request_hash,
                a.trace_metadata, a.asked_at, a.life_secs, a.labels, a.place, a.preset_id AS asked_preset_id, w.is_earlier
            """
    }

    /// An empty pool of an earlier version would not be found by its own name.
    private var told: SQL { predecessors.isEmpty ? "bound.preset_id" : "bound.asked_preset_id" }

    private var reason: SQL {
        guard !predecessors.isEmpty else { return writing.waitedFor }
        return "CASE WHEN n.is_earlier THEN \(quoted: ClaimResult.previousVersion) ELSE \(sql: writing.waitedFor) END"
    }

    /// Which of its preset each row of `c` is, from 1: the n-th claim gets the n-th prebuild.
    private func turn(by order: SQL) -> SQL {
        claims.count == 1 ? "1" : "row_number() OVER (PARTITION BY c.preset_id ORDER BY \(sql: order))"
    }
}

extension PostgresError {
    /// Whether the server refused the values of the statement, or a row that stood in their way: of several that were
    /// bound together, others may be good. Not so when the server, a session or the time ran out, or the outcome is unknown.
    var isOfItsValues: Bool {
        guard !isOutcomeUnknown, let sqlState else { return false }
        return ["22", "23", "40", "54"].contains(sqlState.conditionClass)
    }
}
