// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds

/// Builds a new workspace for a claimant, because no prebuild is eligible.
struct FreshClaim {
    private let claim: PreparedClaim
    private let writing: ClaimWriting
    private var target: ClaimTarget { claim.target }

    init(_ claim: PreparedClaim) {
        self.claim = claim.buildingProven
        writing = ClaimWriting(claims: [self.claim])
    }

    /// `nil` when the template has changed since the lookup.
    func build(on pool: PostgresPool) async throws -> ClaimResult? {
        let answers = try await pool.executeBatch(writing.oncePerKey + [build])
        if let row = answers.last?.first { return try claim.result(row) }
        guard answers.count > 1 else { return nil }
        return try EarlierClaim.read(answers[1])[0]?.result(for: claim.request)
    }

    private var build: Statement {
        let (capped, quota) = (Withheld.Reason.capped, Withheld.Reason.quota)
        let isEmpty = target.missOutcome == .missEmpty
        return Statement(
            "claims.build",
            within: .seconds(10),
            """
            WITH \(sql: writing.asked(inTurn: false)), said AS (
                -- The reconciler's latest decision about the pool: what it withheld, and why.
                SELECT w->>'reason' IN (\(quoted: capped.rawValue), \(quoted: quota.rawValue)) AS is_capped,
                    w->>'message' AS message
                FROM (
                    SELECT withheld FROM prebuild_decisions d WHERE d.preset_id = \(target.presetID)
                    ORDER BY d.id DESC LIMIT 1
                ) last, jsonb_array_elements(last.withheld) w
                WHERE w->>'type' = 'create' LIMIT 1
            ), bound AS MATERIALIZED (
                SELECT a.*, gen_random_uuid() AS workspace_id, 1 AS build_number,
                    CASE
                        WHEN \(isEmpty) AND (SELECT is_capped FROM said) THEN \(quoted: ClaimOutcome.missCapped.rawValue)
                        ELSE \(target.missOutcome.rawValue)
                    END AS outcome,
                    CASE
                        WHEN \(isEmpty) THEN coalesce((SELECT message FROM said), \(target.missReason))
                        ELSE \(target.missReason)
                    END AS reason
                FROM asked a
                WHERE EXISTS (
                    SELECT FROM templates o WHERE o.id = a.template_id AND (
                        \(sql: .isActive("a.version_id", of: "o")) OR \(sql: .isInUse("o")) AND EXISTS (
                            SELECT FROM template_version_presets s
                            WHERE s.template_version_id = o.active_version_id AND s.standby_preset_id = a.preset_id
                        )
                    )
                )
            ), new_workspace AS (
                INSERT INTO workspaces (id, owner_id, organization_id, template_id, name, labels, expires_at)
                SELECT workspace_id, owner_id, organization_id, template_id, name, labels,
                    \(sql: ClaimWriting.expiry("bound"))
                FROM bound
            ), \(sql: writing.handOver(.initiator, parameters: .parameters(ofPreset: "n.preset_id", version: "n.version_id")))
            """
        )
    }
}
