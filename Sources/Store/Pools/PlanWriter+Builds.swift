// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Prebuilds

extension PlanWriter {
    /// New prebuilds: workspace, first build, its parameters (the preset's values, then the version's defaults), and job.
    func creations(_ presets: [PresetPlan]) -> Statement {
        let wanted = presets.filter { $0.creations > 0 }
        let replaced = wanted.flatMap { preset in preset.deletions.map { (preset.pool.presetID, $0.workspaceID) } }
        return Statement(
            "plan.create",
            within: .seconds(60),
            """
            WITH kept AS (
                -- Prebuilds that were to be replaced, but that a claim holds at this moment: should it not go through, there
                -- must not be one too many. If it does, it wakes the reconciler.
                SELECT r.preset_id, count(*) AS instances
                FROM unnest(\(replaced.map(\.0)), \(replaced.map(\.1))) r(preset_id, workspace_id)
                JOIN workspaces w ON w.id = r.workspace_id
                WHERE w.owner_id = \(prebuildsUserID) AND NOT w.deleted AND NOT w.retiring
                GROUP BY r.preset_id
            ), wanted AS (
                SELECT p.id AS preset_id, c.instances - coalesce(kept.instances, 0) AS instances, v.id AS version_id, v.file_id, v.name AS version_name,
                    coalesce(v.tags, '{"scope":"organization","owner":""}') AS tags,
                    t.id AS template_id, t.organization_id, t.provisioner
                FROM unnest(\(wanted.map(\.pool.presetID)), \(wanted.map(\.creations))) c(preset_id, instances)
                LEFT JOIN kept ON kept.preset_id = c.preset_id
                JOIN template_version_presets p ON p.id = c.preset_id
                -- A version that was replaced since the snapshot gets nothing more.
                JOIN templates t ON t.active_version_id = p.template_version_id AND NOT t.deleted AND t.deprecated = ''
                JOIN template_versions v ON v.id = t.active_version_id
            ), fresh AS MATERIALIZED (
                SELECT wanted.*, \(sql: newID) AS workspace_id, \(sql: newID) AS build_id, \(sql: newID) AS job_id
                FROM wanted CROSS JOIN LATERAL generate_series(1, instances)
            ), new_workspaces AS (
                -- The last 60 bits of the id are random; their digits, moved into base32's alphabet, make the name.
                INSERT INTO workspaces (id, owner_id, organization_id, template_id, name, created_at, updated_at, last_used_at)
                SELECT workspace_id, \(prebuildsUserID), organization_id, template_id,
                    'prebuild-' || translate(right(replace(workspace_id::text, '-', ''), 15), '0189', 'ghij'),
                    \(plan.now), \(plan.now), \(plan.now)
                FROM fresh
            ), new_jobs AS (
                INSERT INTO provisioner_jobs (id, organization_id, initiator_id, type, provisioner, input, file_id, tags,
                    priority, available_at, template_id, workspace_id, trace_metadata, created_at, updated_at)
                SELECT job_id, organization_id, \(prebuildsUserID), 'workspace_build', provisioner,
                    jsonb_build_object('workspace_build_id', build_id), file_id, tags, \(JobClass.pool.rawValue),
                    \(plan.now), template_id, workspace_id, \(TraceContext.current), \(plan.now), \(plan.now)
                FROM fresh
                RETURNING claim_order
            ), new_builds AS (
                INSERT INTO workspace_builds (id, workspace_id, template_version_id, build_number, transition,
                    initiator_id, job_id, reason, template_version_preset_id, created_at, updated_at)
                SELECT build_id, workspace_id, version_id, 1, 'start', \(prebuildsUserID), job_id, 'prebuild', preset_id,
                    \(plan.now), \(plan.now)
                FROM fresh
            ), new_parameters AS (
                INSERT INTO workspace_build_parameters (workspace_build_id, name, value)
                SELECT fresh.build_id, x.name, x.value
                FROM fresh JOIN (
                    SELECT g.template_version_preset_id AS preset_id, g.name, g.value
                    FROM template_version_preset_parameters g JOIN wanted ON wanted.preset_id = g.template_version_preset_id
                    UNION ALL
                    SELECT wanted.preset_id, d.name, d.default_value
                    FROM wanted JOIN template_version_parameters d ON d.template_version_id = wanted.version_id
                    WHERE NOT d.required AND d.default_value <> '' AND NOT EXISTS (
                        SELECT FROM template_version_preset_parameters g
                        WHERE g.template_version_preset_id = wanted.preset_id AND g.name = d.name
                    )
                ) x ON x.preset_id = fresh.preset_id
            )
            SELECT preset_id, count(*), \(sql: News.column(News.jobs(of: "new_jobs"))) FROM fresh GROUP BY preset_id
            """
        )
    }

    var newID: SQL { TimeOrderedID.sql(at: plan.now) }
}
