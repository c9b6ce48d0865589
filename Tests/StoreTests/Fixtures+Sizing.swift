// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Store
import Time

extension Fleet {
    /// Lets a preset's pool size itself.
    func autoscale(
        _ preset: PresetID,
        _ mode: AutoscaleSettings.Mode,
        goal: Double = 0.95,
        min: Int = 1,
        max: Int = 20
    ) async throws {
        try await sql(
            """
            UPDATE template_version_presets SET autoscale_mode = \(mode.rawValue), autoscale_goal = \(goal),
                autoscale_min = \(min)::integer, autoscale_max = \(max)::integer
            WHERE id = \(preset)
            """
        )
    }

    /// Claims of a preset, so many seconds after ``now``.
    func addClaims(
        of preset: PresetID,
        at offsets: some Sequence<Int>,
        _ outcome: String = "hit",
        reason: String = ""
    ) async throws {
        let times = offsets.map { Fleet.now + .seconds($0) }
        try await sql(
            """
            INSERT INTO workspace_claims (template_id, preset_id, outcome, outcome_reason, bound_at, created_at)
            SELECT v.template_id, p.id, \(outcome), \(reason), at, at
            FROM unnest(\(times)) at, template_version_presets p JOIN template_versions v ON v.id = p.template_version_id
            WHERE p.id = \(preset)
            """
        )
    }

    /// What is stored of the only pool that learns: claims in ended bins and in the open one, and theta.
    func learned() async throws -> (closed: Double, open: Int, theta: Double) {
        let row = try await sql(
            """
            SELECT (SELECT coalesce(sum(c), 0) FROM unnest(claims) c)::float8 AS closed, open_claims::bigint AS open, theta
            FROM pool_sizing
            """
        ).only()
        return (try row["closed"], try row["open"], try row["theta"])
    }
}
