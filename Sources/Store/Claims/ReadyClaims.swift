// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// Hands over ready prebuilds to several claims in one statement.
struct ReadyClaims {
    private let claims: [PreparedClaim]
    private let writing: ClaimWriting

    init(_ claims: [PreparedClaim]) {
        self.claims = claims
        writing = ClaimWriting(claims: claims)
    }

    /// The answer to each claim: `nil` when no prebuild is eligible, or the claim is not the next in the queue.
    ///
    /// One claim that cannot be written must not fail the others: each is then tried alone.
    static func bind(_ claims: [PreparedClaim], on pool: PostgresPool) async -> [Result<ClaimResult?, any Error>] {
        do {
            return try await ReadyClaims(claims).bind(on: pool)
        } catch let error as PostgresError where claims.count > 1 && error.isOfItsValues {
            var results: [Result<ClaimResult?, any Error>] = []
            for claim in claims { results += await bind([claim], on: pool) }
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
            ), matched AS MATERIALIZED (
                SELECT a.*, w.id AS workspace_id, b.id AS last_build_id, b.build_number + 1 AS build_number
                FROM (SELECT c.*, \(sql: turn(by: "c.created_at, c.id")) AS turn FROM candidates c) w
                JOIN (SELECT c.*, \(sql: turn(by: "c.place")) AS turn FROM asked c) a
                    ON a.preset_id = w.preset_id AND a.turn = w.turn
                CROSS JOIN LATERAL \(sql: .latestBuild()) b
            ), bound AS (
                UPDATE workspaces w SET owner_id = n.owner_id, name = n.name, prebuild_name = w.name,
                    claimed_at = now(), last_used_at = now(), updated_at = now(), labels = n.labels
                FROM matched n WHERE w.id = n.workspace_id
                RETURNING n.*, \(ClaimOutcome.hit.rawValue) AS outcome, \(sql: writing.waitedFor) AS reason
            ), \(sql: writing.handOver(.claim, parameters: .parameters(ofBuild: "n.last_build_id")))
            """
        )
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
