// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Prebuilds

extension PlanWriter {
    /// `pool_depleted` for each pool that had an eligible prebuild and has none left, and `pool_recovered` for each
    /// whose depletion ends. It must run before this pass's decisions are recorded, because it compares with the last
    /// ones.
    ///
    /// A pool that is being filled for the first time, or for a schedule's next window, is not depleted. A depletion
    /// also ends when nothing is desired any more, or the preset is no longer active; the event says which.
    func poolEvents(_ news: [PresetPlan]) -> Statement {
        Statement(
            "plan.pool_events",
            """
            WITH pools AS (
                SELECT * FROM unnest(
                    \(news.map(\.pool.presetID)), \(news.map(\.state.isDepleted)), \(news.map(\.state.desired)),
                    \(news.map(\.state.eligible)), \(news.map(\.state.actual)), \(news.map(\.state.starting))
                ) n(preset_id, depleted, desired, eligible, running, starting)
            ), open AS MATERIALIZED (
                -- Unresolved depletions: few, and all of them in the partial index.
                SELECT e.id, e.targets[2] AS preset_id FROM notification_events e
                WHERE e.dedupe_key IS NOT NULL AND e.resolved_at IS NULL AND e.type = 'pool_depleted'
            ), ended AS (
                UPDATE notification_events e SET resolved_at = \(plan.now), updated_at = \(plan.now)
                FROM open LEFT JOIN pools ON pools.preset_id = open.preset_id
                WHERE e.id = open.id AND (NOT pools.depleted OR NOT EXISTS (
                    SELECT FROM \(sql: Self.presetTables)
                    WHERE p.id = open.preset_id AND \(sql: .isActive())
                ))
                RETURNING open.preset_id
            ), changes AS (
                SELECT 'pool_recovered' AS type, ended.preset_id FROM ended
                UNION ALL
                SELECT 'pool_depleted', pools.preset_id FROM pools
                WHERE pools.depleted AND NOT EXISTS (SELECT FROM open WHERE open.preset_id = pools.preset_id) AND (
                    SELECT (d.state->>'eligible')::int FROM prebuild_decisions d WHERE d.preset_id = pools.preset_id
                    ORDER BY d.id DESC LIMIT 1
                ) > 0
            )
            SELECT stoker_emit_event(
                c.type, NULL, \(sql: Self.templateAdmins), \(sql: Self.presetLabels),
                \(sql: Self.presetData) || jsonb_build_object(
                    'desired', coalesce(pools.desired, 0), 'eligible', coalesce(pools.eligible, 0),
                    'running', coalesce(pools.running, 0), 'starting', coalesce(pools.starting, 0),
                    'misses', (
                        SELECT count(*) FROM workspace_claims m
                        WHERE m.preset_id = p.id AND m.outcome LIKE 'miss%'
                            AND m.created_at > \(plan.now) - interval '1 hour'
                    )
                ) || CASE
                    WHEN c.type = 'pool_depleted' THEN '{}'
                    WHEN NOT \(sql: .isActive()) THEN '{"how": "inactive"}'
                    WHEN pools.eligible > 0 THEN '{"how": "refilled"}'
                    ELSE '{"how": "not_desired"}'
                END::jsonb,
                ARRAY[t.id, p.id], 'preset/' || p.id,
                CASE c.type WHEN 'pool_depleted' THEN 'pool_depleted/' || p.id END, \(plan.now)
            ), \(sql: News.ofEvents)
            FROM changes c
            JOIN \(sql: Self.presetTables) ON p.id = c.preset_id
            LEFT JOIN pools ON pools.preset_id = c.preset_id
            """
        )
    }
}
