// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds

extension PlanWriter {
    /// One `prebuild_failure_limit_reached` for each preset that becomes hard limited in this transaction.
    func limitEvents(_ presets: [PresetPlan]) -> Statement {
        let limited = presets.filter { $0.statusChange?.to == .hardLimited && $0.statusChange?.from != .hardLimited }
        return Statement(
            "plan.limit_events",
            """
            SELECT stoker_emit_event(
                'prebuild_failure_limit_reached', '414d9331-c1fc-4761-b40c-d1f4702279eb', \(sql: Self.templateAdmins),
                \(sql: Self.presetLabels),
                \(sql: Self.presetData) || jsonb_build_object(
                    'failures', c.failures,
                    'last_error', coalesce((
                        SELECT left(j.error, 2000) FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id
                        WHERE b.id = c.last_build_id
                    ), p.prebuild_status_message),
                    'build_ids', (
                        SELECT coalesce(jsonb_agg(x.build_id ORDER BY x.position), '[]')
                        FROM unnest(\(limited.flatMap { preset in failedBuilds(preset).map { _ in preset.pool.presetID } }),
                            \(limited.flatMap(failedBuilds))) WITH ORDINALITY x(preset_id, build_id, position)
                        WHERE x.preset_id = p.id
                    )
                ),
                ARRAY[t.id, p.id], 'preset/' || p.id, 'prebuild_failure_limit/' || p.id, \(plan.now)
            ), \(sql: News.ofEvents)
            FROM unnest(
                \(limited.map(\.pool.presetID)), \(limited.map { $0.statusChange?.failures ?? 0 }),
                \(limited.map { failedBuilds($0).first })
            ) c(preset_id, failures, last_build_id)
            JOIN \(sql: Self.presetTables) ON p.id = c.preset_id AND p.prebuild_status = 'hard_limited'
            """
        )
    }

    /// One `preset_validation_failed` for each preset that becomes invalid in this transaction.
    func invalidEvents(_ presets: [PresetPlan]) -> Statement {
        let invalid = presets.filter {
            $0.statusChange?.to == .validationFailed && $0.statusChange?.from != .validationFailed
        }
        let valid = presets.filter {
            $0.statusChange?.from == .validationFailed && $0.statusChange?.to != .validationFailed
        }
        return Statement(
            "plan.validation_events",
            """
            WITH resolved AS (
                UPDATE notification_events SET resolved_at = \(plan.now)
                WHERE resolved_at IS NULL
                    AND dedupe_key = ANY(\(valid.map { "preset_validation/\($0.pool.presetID)" }))
            )
            SELECT stoker_emit_event(
                'preset_validation_failed', NULL, \(sql: Self.templateAdmins),
                \(sql: Self.presetLabels),
                \(sql: Self.presetData) || jsonb_build_object(
                    'message', p.prebuild_status_message
                ),
                ARRAY[t.id, p.id], 'preset/' || p.id, 'preset_validation/' || p.id, \(plan.now)
            ), \(sql: News.ofEvents)
            FROM \(sql: Self.presetTables)
            WHERE p.id = ANY(\(invalid.map(\.pool.presetID))) AND p.prebuild_status = 'validation_failed'
            """
        )
    }

    /// The trials of hard limited presets that are ordered in this transaction.
    func trials(_ presets: [PresetPlan]) -> Statement {
        Statement(
            "plan.trials",
            """
            UPDATE template_version_presets p
            SET limit_trials = p.limit_trials + 1, limit_trial_at = c.trial_at, updated_at = \(plan.now)
            FROM unnest(\(presets.map(\.pool.presetID)), \(presets.map(\.nextTrialAt))) c(id, trial_at)
            WHERE p.id = c.id AND p.prebuild_status = 'hard_limited'
            """
        )
    }

    /// One `prebuild_failure_limit_resolved` for each preset whose hard limit a successful build has ended.
    func recoveries(_ presets: [PresetPlan]) -> Statement {
        Statement(
            "plan.recoveries",
            """
            WITH resolved AS (
                UPDATE notification_events SET resolved_at = \(plan.now), updated_at = \(plan.now)
                WHERE resolved_at IS NULL
                    AND dedupe_key = ANY(\(presets.map { "prebuild_failure_limit/\($0.pool.presetID)" }))
            )
            SELECT stoker_emit_event(
                'prebuild_failure_limit_resolved', NULL, \(sql: Self.templateAdmins), \(sql: Self.presetLabels),
                \(sql: Self.presetData) || jsonb_build_object('how', 'build_succeeded'),
                ARRAY[t.id, p.id], 'preset/' || p.id, NULL, \(plan.now)
            ), \(sql: News.ofEvents)
            FROM \(sql: Self.presetTables)
            WHERE p.id = ANY(\(presets.map(\.pool.presetID))) AND p.prebuild_status <> 'hard_limited'
            """
        )
    }

    /// The recipients of events: every active user with the role `template-admin`.
    static let templateAdmins: SQL = """
        ARRAY(
            SELECT u.id FROM users u
            WHERE 'template-admin' = ANY(u.rbac_roles) AND u.status = 'active' AND NOT u.deleted ORDER BY u.id
        )
        """

    /// The tables of an event about a preset, for `FROM`: the preset `p`, its version, template and organization.
    static let presetTables: SQL = """
        (
            template_version_presets p
            JOIN template_versions v ON v.id = p.template_version_id
            JOIN templates t ON t.id = v.template_id
            JOIN organizations o ON o.id = t.organization_id
        )
        """

    /// The labels of an event about a preset.
    static let presetLabels: SQL = """
        jsonb_build_object('org', o.name, 'template', t.name, 'template_version', v.name, 'preset', p.name)
        """

    /// The common ids and names in the data of events about a preset.
    static let presetData: SQL = """
        jsonb_build_object(
            'organization', jsonb_build_object('id', o.id, 'name', o.name),
            'template', jsonb_build_object('id', t.id, 'name', t.name),
            'template_version', jsonb_build_object('id', v.id, 'name', v.name),
            'preset', jsonb_build_object('id', p.id, 'name', p.name)
        )
        """

    private func failedBuilds(_ preset: PresetPlan) -> [BuildID] {
        preset.statusChange?.failedBuilds ?? []
    }
}
