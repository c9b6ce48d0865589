// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds

extension PlanWriter {
    /// Creates prebuilds: workspace, first build, its parameters (the preset's values, then the version's defaults),
    /// and job.
    func creations(_ presets: [PresetPlan]) -> Statement {
        let wanted = presets.filter { $0.creations > 0 }
        let replaced = wanted.flatMap { preset in preset.deletions.map { (preset.pool.presetID, $0.workspaceID) } }
        return Statement(
            "plan.create",
            within: .seconds(60),
            """
            WITH kept AS (
                -- Prebuilds that this pass wanted to replace, but that a claim has locked at this moment. If the claim
                -- fails, there must not be one too many; if it succeeds, it wakes the reconciler.
                SELECT r.preset_id, count(*) AS instances
                FROM unnest(\(replaced.map(\.0)), \(replaced.map(\.1))) r(preset_id, workspace_id)
                JOIN workspaces w ON w.id = r.workspace_id
                WHERE \(sql: .isPrebuild()) AND NOT w.retiring
                GROUP BY r.preset_id
            ), wanted AS (
                SELECT p.id AS preset_id, c.instances - coalesce(kept.instances, 0) AS instances, c.starting, p.weight,
                    p.template_version_id AS version_id, t.id AS template_id, t.organization_id
                FROM unnest(
                    \(wanted.map(\.pool.presetID)), \(wanted.map(\.creations)), \(wanted.map(\.state.starting))
                ) c(preset_id, instances, starting)
                LEFT JOIN kept ON kept.preset_id = c.preset_id
                JOIN template_version_presets p ON p.id = c.preset_id
                JOIN template_versions v ON v.id = p.template_version_id
                -- A version that was replaced since the snapshot gets nothing more, unless it serves another one's claims.
                JOIN templates t ON t.id = v.template_id AND (\(sql: .isActive("v.id")) OR \(sql: .isInUse()) AND EXISTS (
                    SELECT FROM template_version_presets n
                    WHERE n.template_version_id = t.active_version_id AND n.standby_preset_id = p.id
                ))
            ), queue AS MATERIALIZED (
                SELECT \(sql: place.front) AS front
            ), fresh AS MATERIALIZED (
                SELECT wanted.*, 1 AS build_number,
                    \(sql: newID) AS workspace_id, \(sql: newID) AS build_id, \(sql: newID) AS job_id,
                    \(sql: place.lead(behind: "queue.front", ahead: "starting + k", weight: "weight")) AS lead
                FROM wanted CROSS JOIN queue CROSS JOIN LATERAL generate_series(0, instances - 1) k
            ), new_workspaces AS (
                -- The last 60 bits of the id are random; their hexadecimal digits, mapped to base32's alphabet, make
                -- the name.
                INSERT INTO workspaces (id, owner_id, organization_id, template_id, name, prebuild_preset_id, created_at,
                    updated_at, last_used_at)
                SELECT workspace_id, \(sql: .prebuildsUser), organization_id, template_id,
                    'prebuild-' || translate(right(replace(workspace_id::text, '-', ''), 15), '0189', 'ghij'),
                    preset_id, \(plan.now), \(plan.now), \(plan.now)
                FROM fresh
            ), given AS MATERIALIZED (
                -- Once for each preset, however many prebuilds it gets.
                SELECT wanted.preset_id, x.name, x.value FROM wanted
                CROSS JOIN LATERAL (\(sql: .parameters(ofPreset: "wanted.preset_id", version: "wanted.version_id"))) x
            ), \(sql: builds.terms),
            \(sql: builds.parameters("SELECT given.name, given.value FROM given WHERE given.preset_id = n.preset_id"))
            SELECT preset_id, count(*), \(sql: News.column(News.jobs(of: "new_jobs"))) FROM fresh GROUP BY preset_id
            """
        )
    }

    private var builds: NewBuilds {
        NewBuilds(
            rows: "fresh",
            transition: .start,
            reason: .prebuild,
            initiator: .prebuildsUser,
            jobClass: .pool,
            moment: "\(plan.now)",
            lead: "n.lead"
        )
    }

    private var place: PoolPlace { PoolPlace(now: plan.now) }

    var newID: SQL { TimeOrderedID.sql(at: plan.now) }
}
