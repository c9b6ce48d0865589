// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Prebuilds

extension SnapshotQuery {
    /// Every preset that is active and has prebuilds configured, or still owns prebuilds, with all that it owns.
    ///
    /// It starts from the partial index of unclaimed prebuilds and touches each prebuild's latest build and job by key, so
    /// its cost follows their number alone, however many workspaces were ever claimed or deleted. Read by
    /// ``readPreset(_:parameters:)``, column by column.
    var presets: Statement {
        Statement(
            "snapshot.presets",
            """
            WITH prebuilds AS (
                SELECT w.id, w.created_at, b.id AS build_id, b.created_at AS build_created_at, b.transition, j.job_status,
                    j.job_status IN ('pending', 'running', 'canceling') AS in_progress,
                    j.job_status = 'failed' AND coalesce(j.error_code NOT IN ('EXPIRED', 'WORKER_LOST'), true) AS failed,
                    coalesce(b.template_version_preset_id, (
                        SELECT p.template_version_preset_id FROM workspace_builds p
                        WHERE p.workspace_id = w.id AND p.template_version_preset_id IS NOT NULL
                        ORDER BY p.build_number DESC LIMIT 1
                    )) AS preset_id,
                    b.transition = 'start' AND j.job_status = 'succeeded' AS running,
                    a.total = a.ready AND a.ready >= d.declared AS eligible
                FROM workspaces w
                CROSS JOIN LATERAL (
                    SELECT * FROM workspace_builds l WHERE l.workspace_id = w.id ORDER BY l.build_number DESC LIMIT 1
                ) b
                -- By key, whatever the planner believes about the size of the pools: the table of jobs is never read whole.
                CROSS JOIN LATERAL (
                    SELECT x.job_status, x.error_code FROM provisioner_jobs x WHERE x.id = b.job_id OFFSET 0
                ) j
                LEFT JOIN LATERAL (
                    SELECT count(*) AS total, count(*) FILTER (WHERE x.lifecycle_state = 'ready') AS ready
                    FROM workspace_resources r JOIN workspace_agents x ON x.resource_id = r.id
                    WHERE r.job_id = b.job_id AND NOT x.deleted
                ) a ON b.transition = 'start' AND j.job_status = 'succeeded'
                -- Looked up once for all prebuilds of a version.
                CROSS JOIN LATERAL (
                    SELECT count(*) AS declared FROM template_version_agents x
                    WHERE x.template_version_id = b.template_version_id
                ) d
                WHERE w.owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0' AND NOT w.deleted
            ), pools AS (
                -- In any order, but all of a kind in the same.
                SELECT preset_id,
                    array_agg(id) FILTER (WHERE running) AS ids,
                    array_agg(build_id) FILTER (WHERE running) AS build_ids,
                    array_agg(created_at) FILTER (WHERE running) AS created,
                    array_agg(build_created_at) FILTER (WHERE running) AS build_created,
                    array_agg(eligible) FILTER (WHERE running) AS eligible,
                    count(*) FILTER (WHERE transition = 'start' AND job_status = 'pending') AS pending,
                    count(*) FILTER (WHERE transition = 'start' AND in_progress) AS starting,
                    count(*) FILTER (WHERE transition = 'stop' AND in_progress) AS stopping,
                    count(*) FILTER (WHERE transition = 'delete' AND in_progress) AS deleting,
                    array_agg(build_id) FILTER (WHERE transition = 'start' AND NOT running) AS start_ids,
                    array_agg(build_created_at) FILTER (WHERE transition = 'start' AND NOT running) AS starts,
                    array_agg(failed) FILTER (WHERE transition = 'start' AND NOT running) AS failures
                FROM prebuilds GROUP BY preset_id
            ), presets AS (
                SELECT p.id FROM templates t JOIN template_version_presets p ON p.template_version_id = t.active_version_id
                WHERE NOT t.deleted AND t.deprecated = '' AND p.desired_instances IS NOT NULL
                UNION
                SELECT preset_id FROM pools
            )
            SELECT p.id, p.name, v.id AS version_id, t.id AS template_id, t.name AS template_name, o.id AS organization_id,
                o.name AS organization_name,
                v.id = t.active_version_id AND NOT t.deleted AND t.deprecated = '' AS active,
                CASE
                    WHEN v.job_id IS NULL OR i.job_status = 'succeeded' THEN 'ready'
                    WHEN i.job_status IN ('failed', 'canceled') THEN 'failed'
                    ELSE 'importing'
                END AS readiness,
                coalesce(p.desired_instances, 0) AS desired, p.scheduling_timezone AS zone,
                ARRAY(
                    SELECT s.cron_expression FROM template_version_preset_prebuild_schedules s
                    WHERE s.preset_id = p.id ORDER BY s.id
                ) AS crons,
                ARRAY(
                    SELECT s.desired_instances FROM template_version_preset_prebuild_schedules s
                    WHERE s.preset_id = p.id ORDER BY s.id
                ) AS counts,
                coalesce(p.invalidate_after_secs, 0) AS ttl, p.last_invalidated_at, p.prebuild_status::text AS status,
                p.prebuild_status_message AS status_message, p.failures_forgotten_before, t.prebuilds_paused_until,
                ARRAY(
                    SELECT x.name FROM template_version_preset_parameters x
                    WHERE x.template_version_preset_id = p.id ORDER BY x.name
                ) AS names,
                ARRAY(
                    SELECT x.value FROM template_version_preset_parameters x
                    WHERE x.template_version_preset_id = p.id ORDER BY x.name
                ) AS given,
                coalesce(l.ids, '{}') AS ids, coalesce(l.build_ids, '{}') AS build_ids, coalesce(l.created, '{}') AS created,
                coalesce(l.build_created, '{}') AS build_created, coalesce(l.eligible, '{}') AS eligible,
                coalesce(l.pending, 0) AS pending,
                coalesce(l.starting, 0) AS starting, coalesce(l.stopping, 0) AS stopping,
                coalesce(l.deleting, 0) AS deleting,
                greatest(p.desired_instances, \(literal: limits.failureHardLimit), 1) AS history,
                coalesce(l.start_ids, '{}') AS start_ids, coalesce(l.starts, '{}') AS starts,
                coalesce(l.failures, '{}') AS failures,
                (
                    SELECT count(*) FROM unnest(l.starts, l.failures) f(at, failed)
                    WHERE f.failed AND f.at >= coalesce(\(now), transaction_timestamp())
                            - make_interval(secs => \(limits.backoffLookback.inSeconds))
                        AND f.at >= coalesce(p.failures_forgotten_before, '-infinity')
                ) AS recent_failures
            FROM presets
            JOIN template_version_presets p ON p.id = presets.id
            JOIN template_versions v ON v.id = p.template_version_id
            JOIN templates t ON t.id = v.template_id
            JOIN organizations o ON o.id = t.organization_id
            LEFT JOIN provisioner_jobs i ON i.id = v.job_id
            LEFT JOIN pools l ON l.preset_id = p.id
            ORDER BY o.name, t.name, p.name, p.id
            """
        )
    }
}
