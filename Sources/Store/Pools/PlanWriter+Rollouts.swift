// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds

extension PlanWriter {
    /// What the plan says of roll-outs: presets that are proven, and roll-outs that end or stop. Each holds only while the
    /// roll-out still runs.
    var rolloutWrites: [Statement] {
        guard !plan.rollouts.isEmpty else { return [] }
        let completed = plan.rollouts.filter { $0.end == .completed }.map(\.rolloutID)
        return [proven, completion(of: completed)] + plan.rollouts.flatMap(stopping)
    }

    private var proven: Statement {
        Statement(
            "rollouts.proven",
            """
            UPDATE template_version_presets p SET canary_passed_at = \(plan.now), updated_at = \(plan.now)
            FROM template_rollouts r
            WHERE p.id = ANY(\(plan.rollouts.flatMap(\.proven))) AND r.to_version_id = p.template_version_id
                AND r.ended_at IS NULL AND p.canary_passed_at IS NULL
            """
        )
    }

    private func completion(of rollouts: [RolloutID]) -> Statement {
        Statement(
            "rollouts.completed",
            """
            WITH completed AS (
                UPDATE template_rollouts SET status = 'completed', ended_at = \(plan.now), updated_at = \(plan.now)
                WHERE id = ANY(\(rollouts)) AND ended_at IS NULL AND status = 'running'
                RETURNING *
            ), alone AS (
                UPDATE template_version_presets p SET predecessor_ids = '{}', standby_preset_id = NULL, updated_at = \(plan.now)
                FROM completed r WHERE p.template_version_id = r.to_version_id
            )
            SELECT stoker_emit_event(
                'rollout_completed', NULL, \(sql: Self.templateAdmins), \(sql: Self.rolloutLabels),
                \(sql: Self.rolloutData) || jsonb_build_object('adopted', r.adopted, 'started_at', r.started_at),
                ARRAY[t.id], 'template/' || t.id, NULL, \(plan.now)
            ), \(sql: News.ofEvents)
            FROM completed r JOIN \(sql: Self.rolloutTables)
            """
        )
    }

    private func stopping(_ change: RolloutChange) -> [Statement] {
        guard let stop = change.stop else { return [] }
        let (status, does) = stop.restores == nil ? ("held", "hold") : ("rolled_back", "rollback")
        let stopped = Statement(
            "rollouts.stopped",
            """
            WITH stopped AS (
                UPDATE template_rollouts SET status = \(status), reason = \(stop.reason), updated_at = \(plan.now),
                    ended_at = CASE \(status) WHEN 'rolled_back' THEN \(plan.now) END
                WHERE id = \(change.rolloutID) AND ended_at IS NULL AND status = 'running'
                RETURNING *
            )
            SELECT stoker_emit_event(
                'rollout_stopped', NULL, \(sql: Self.templateAdmins),
                \(sql: Self.rolloutLabels) || jsonb_build_object('preset', p.name),
                \(sql: Self.rolloutData) || jsonb_build_object(
                    'preset', jsonb_build_object('id', p.id, 'name', p.name), 'reason', r.reason, 'action', \(does)
                ),
                ARRAY[t.id, p.id], 'template/' || t.id, NULL, \(plan.now)
            ), \(sql: News.ofEvents)
            FROM stopped r JOIN \(sql: Self.rolloutTables) JOIN template_version_presets p ON p.id = \(stop.presetID)
            """
        )
        guard let preset = stop.restores else { return [stopped] }
        return [stopped]
            + Store.promotion(
                of: "(SELECT x.template_version_id FROM template_version_presets x WHERE x.id = \(preset))",
                if:
                    "EXISTS (SELECT FROM template_rollouts r WHERE r.id = \(change.rolloutID) AND r.status = 'rolled_back')",
                takingBack: true
            )
    }

    /// The tables of an event about a roll-out `r`, after `JOIN`.
    private static let rolloutTables: SQL = """
        templates t ON t.id = r.template_id
            JOIN organizations o ON o.id = t.organization_id
            JOIN template_versions v ON v.id = r.to_version_id
            JOIN template_versions f ON f.id = r.from_version_id
        """

    private static let rolloutLabels: SQL = """
        jsonb_build_object('org', o.name, 'template', t.name, 'template_version', v.name)
        """

    private static let rolloutData: SQL = """
        jsonb_build_object(
            'organization', jsonb_build_object('id', o.id, 'name', o.name),
            'template', jsonb_build_object('id', t.id, 'name', t.name),
            'template_version', jsonb_build_object('id', v.id, 'name', v.name),
            'previous_version', jsonb_build_object('id', f.id, 'name', f.name)
        )
        """
}

extension RolloutChange {
    /// Why it stops; `nil`: it does not.
    var stop: RolloutStop? {
        if case .stopped(let stop) = end { stop } else { nil }
    }
}
