// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds

extension SnapshotQuery {
    /// Every preset that is active and has a pool, or still owns prebuilds, with all its prebuilds; of the named ones
    /// only, if there are ``named`` ones. Prebuilds without a known preset are in rows of their own.
    ///
    /// It starts from a partial index of unclaimed prebuilds, and reads each prebuild's latest build and job by key.
    /// So its cost depends only on their number, not on how many workspaces were ever claimed or deleted.
    /// ``Snapshot/add(_:_:)`` reads the rows.
    var presets: Statement {
        Statement(
            named == nil ? "snapshot.presets" : "snapshot.named_presets",
            """
            WITH prebuilds AS (
                SELECT w.id, w.name, w.created_at, b.id AS build_id, b.created_at AS build_created_at, b.transition,
                    j.job_status, j.job_status IN ('pending', 'running', 'canceling') AS in_progress,
                    j.job_status = 'failed' AND coalesce(j.error_code NOT IN (
                        \(quoted: QueueEnd.expired.rawValue), \(quoted: QueueEnd.workerLost.rawValue)
                    ), true) AS failed,
                    coalesce(j.job_status = 'failed' AND j.error_code = \(quoted: FailureCode.invalid.rawValue), false) AS invalid,
                    -- Those without a build, a job or a preset are grouped under an id that no preset has.
                    coalesce(w.claimable_preset_id, CASE WHEN j.job_status IS NOT NULL THEN coalesce(
                        b.template_version_preset_id, (
                            SELECT p.template_version_preset_id FROM workspace_builds p
                            WHERE p.workspace_id = w.id AND p.template_version_preset_id IS NOT NULL
                            ORDER BY p.build_number DESC LIMIT 1
                        )
                    ) END, '00000000-0000-0000-0000-000000000000') AS preset_id,
                    w.claimable_preset_id IS NOT NULL OR b.transition = 'start' AND j.job_status = 'succeeded' AS running,
                    w.claimable_preset_id IS NOT NULL OR a.are_ready AS eligible,
                    -- Orders of this program; a row that an operator has inserted is evidence, and stays.
                    b.transition = 'start' AND j.job_status = 'pending' AND b.reason = 'prebuild'
                        AND j.workspace_id = w.id AS ordered,
                    b.transition = 'start' AND j.job_status = 'failed' AND b.reason = 'prebuild'
                        AND j.workspace_id = w.id AND NOT w.retiring AND isfinite(j.completed_at) AS evidence,
                    j.completed_at, NOT \(sql: .isUnbegun()) AS begun,
                    b.transition = 'delete' AND j.job_status = 'canceled' AND w.retiring AS abandoned
                FROM \(sql: prebuilds) w
                LEFT JOIN LATERAL \(sql: .latestBuild()) b ON true
                -- By key, whatever the planner estimates about the pools, so that the table of jobs is never read
                -- whole. A prebuild that can be claimed says on its own row that its start has succeeded and its agents are
                -- ready (Documentation/Decisions/0019-claims-together.md), so most prebuilds need no more than their build.
                LEFT JOIN LATERAL (
                    SELECT x.job_status, x.error_code, x.attempt, x.refresh_first, x.workspace_id, x.completed_at
                    FROM provisioner_jobs x
                    WHERE x.id = CASE WHEN w.claimable_preset_id IS NULL THEN b.job_id END OFFSET 0
                ) j ON true
                -- Read once for all prebuilds of a version.
                CROSS JOIN LATERAL (
                    SELECT count(*) AS declared FROM template_version_agents x
                    WHERE x.template_version_id = b.template_version_id
                ) d
                LEFT JOIN LATERAL (\(sql: .agentsReady(ofJob: "b.job_id", declared: "d.declared"))) a
                    ON b.transition = 'start' AND j.job_status = 'succeeded'
                -- Said again of named ones, it would let the planner choose another index.
                WHERE \(sql: named == nil ? .isPrebuild() : "true")
            ), pools AS (
                -- In any order, which is the same for all arrays of a row.
                SELECT preset_id, count(*) AS total, (array_agg(name::text))[1:10] AS names,
                    array_agg(id) FILTER (WHERE running) AS ids,
                    array_agg(build_id) FILTER (WHERE running) AS build_ids,
                    array_agg(created_at) FILTER (WHERE running) AS created,
                    array_agg(build_created_at) FILTER (WHERE running) AS build_created,
                    array_agg(eligible) FILTER (WHERE running) AS eligible,
                    count(*) FILTER (WHERE transition = 'start' AND job_status = 'pending') AS pending,
                    count(*) FILTER (WHERE transition = 'start' AND in_progress) AS starting,
                    count(*) FILTER (WHERE transition = 'stop' AND in_progress) AS stopping,
                    count(*) FILTER (WHERE transition = 'delete' AND in_progress) AS deleting,
                    count(*) FILTER (WHERE job_status = 'failed') AS failed,
                    count(*) FILTER (WHERE job_status = 'canceled' AND NOT abandoned) AS canceled,
                    array_agg(id) FILTER (WHERE abandoned) AS abandoned_ids,
                    array_agg(build_id) FILTER (WHERE abandoned) AS abandoned_builds,
                    array_agg(created_at) FILTER (WHERE abandoned) AS abandoned_created,
                    array_agg(id) FILTER (WHERE ordered) AS ordered_ids,
                    array_agg(build_id) FILTER (WHERE ordered) AS ordered_builds,
                    array_agg(created_at) FILTER (WHERE ordered) AS ordered_created,
                    array_agg(begun) FILTER (WHERE ordered) AS ordered_begun,
                    bool_or(running AND eligible AND build_created_at > \(sql: brakeStart)) AS has_fresh,
                    array_agg(build_id) FILTER (WHERE transition = 'start' AND NOT running) AS start_ids,
                    array_agg(build_created_at) FILTER (WHERE transition = 'start' AND NOT running) AS starts,
                    array_agg(failed) FILTER (WHERE transition = 'start' AND NOT running) AS failures,
                    array_agg(invalid) FILTER (WHERE transition = 'start' AND NOT running) AS invalids,
                    array_agg(id) FILTER (WHERE evidence) AS evidence_ids,
                    array_agg(build_id) FILTER (WHERE evidence) AS evidence_builds,
                    array_agg(created_at) FILTER (WHERE evidence) AS evidence_created,
                    array_agg(completed_at) FILTER (WHERE evidence) AS evidence_failed
                FROM prebuilds WHERE \(sql: isNamed("preset_id")) GROUP BY preset_id
            ), presets AS (
                SELECT p.id FROM templates t JOIN template_version_presets p ON \(sql: .isActive("p.template_version_id"))
                WHERE p.desired_instances IS NOT NULL AND \(sql: isNamed("p.id"))
                UNION
                SELECT preset_id FROM pools
                \(sql: standbys)
            ), known AS (
                SELECT p.*, v.id AS version_id, v.job_id, t.name AS template_name,
                    o.id AS organization_id, o.name AS organization_name, t.prebuilds_paused_until,
                    -- NULL while a template in use has no active version: then a pass cannot decide about its
                    -- prebuilds.
                    \(sql: .isActive()) AS active, presets.id AS preset_id, h.replacements AS claim_replaces,
                    p.predecessor_ids <> '{}' OR EXISTS (
                        SELECT FROM template_version_presets n
                        WHERE n.template_version_id = t.active_version_id AND \(sql: .isInUse()) AND n.predecessor_ids @> ARRAY[p.id]
                    ) AS is_rolling_over
                FROM presets
                LEFT JOIN template_version_presets p ON p.id = presets.id
                LEFT JOIN template_versions v ON v.id = p.template_version_id
                LEFT JOIN templates t ON t.id = v.template_id
                LEFT JOIN organizations o ON o.id = t.organization_id
                LEFT JOIN template_version_rehearsals h ON h.template_version_id = v.id AND h.preset_id = p.id
                    AND h.status = 'replaces'
            )
            -- In the order in which they are read.
            SELECT p.organization_id IS NULL AS is_orphan, p.preset_id, p.name, p.version_id, p.template_name,
                p.organization_id, p.organization_name, p.active, p.is_rolling_over,
                coalesce(l.starting, 0) AS starting,
                coalesce(l.ids, '{}') AS ids, coalesce(l.build_ids, '{}') AS build_ids, coalesce(l.created, '{}') AS created,
                coalesce(l.eligible, '{}') AS eligible,
                CASE
                    WHEN p.job_id IS NULL OR i.job_status = 'succeeded' THEN 'ready'
                    WHEN i.job_status IN ('failed', 'canceled') THEN 'failed'
                    ELSE 'importing'
                END AS readiness,
                coalesce(p.desired_instances, 0) AS desired, p.scheduling_timezone AS zone,
                ARRAY(
                    SELECT s.cron_expression FROM template_version_preset_prebuild_schedules s
                    WHERE s.preset_id = p.preset_id ORDER BY s.id
                ) AS crons,
                ARRAY(
                    SELECT s.desired_instances FROM template_version_preset_prebuild_schedules s
                    WHERE s.preset_id = p.preset_id ORDER BY s.id
                ) AS counts,
                coalesce(p.invalidate_after_secs, 0) AS ttl, p.last_invalidated_at, p.max_unavailable,
                CASE WHEN p.invalidate_after_secs > 0 THEN (\(sql: Self.longestLead)) END AS lead,
                p.prebuild_status::text AS status,
                p.prebuild_status_message AS status_message, p.failures_forgotten_before, p.prebuilds_paused_until,
                ARRAY(
                    SELECT x.name FROM template_version_preset_parameters x
                    WHERE x.template_version_preset_id = p.preset_id ORDER BY x.name
                ) AS names,
                ARRAY(
                    SELECT x.value FROM template_version_preset_parameters x
                    WHERE x.template_version_preset_id = p.preset_id ORDER BY x.name
                ) AS given,
                coalesce(l.stopping, 0) AS stopping, coalesce(l.deleting, 0) AS deleting, coalesce(l.failed, 0) AS failed,
                coalesce(l.canceled, 0) AS canceled,
                coalesce(l.abandoned_ids, '{}') AS abandoned_ids, coalesce(l.abandoned_builds, '{}') AS abandoned_builds,
                coalesce(l.abandoned_created, '{}') AS abandoned_created,
                CASE WHEN p.active OR l.ordered_ids IS NULL THEN '{}' ELSE l.ordered_ids END AS ordered_ids,
                CASE WHEN p.active OR l.ordered_ids IS NULL THEN '{}' ELSE l.ordered_builds END AS ordered_builds,
                CASE WHEN p.active OR l.ordered_ids IS NULL THEN '{}' ELSE l.ordered_created END AS ordered_created,
                CASE WHEN p.active OR l.ordered_ids IS NULL THEN '{}' ELSE l.ordered_begun END AS ordered_begun,
                coalesce(l.build_created, '{}') AS build_created,
                coalesce(l.start_ids, '{}') AS start_ids, coalesce(l.starts, '{}') AS starts,
                coalesce(l.failures, '{}') AS failures, coalesce(l.invalids, '{}') AS invalids,
                coalesce(l.evidence_ids, '{}') AS evidence_ids, coalesce(l.evidence_builds, '{}') AS evidence_builds,
                coalesce(l.evidence_created, '{}') AS evidence_created,
                coalesce(l.evidence_failed, '{}') AS evidence_failed,
                coalesce(c.ids, '{}') AS cleared_ids, coalesce(c.created, '{}') AS cleared_created,
                coalesce(c.invalids, '{}') AS cleared_invalids,
                greatest(p.desired_instances, \(literal: limits.failureHardLimit), 1) AS history,
                CASE WHEN l.starts IS NULL AND c.created IS NULL THEN 0 ELSE (
                    SELECT count(*) FROM (
                        SELECT x.at FROM unnest(l.starts, l.failures) x(at, failed) WHERE x.failed
                        UNION ALL
                        SELECT unnest(c.created)
                    ) f
                    WHERE f.at >= \(sql: moment) - make_interval(secs => \(limits.backoffLookback.inSeconds))
                        AND f.at >= coalesce(p.failures_forgotten_before, '-infinity')
                ) END AS recent_failures,
                p.limit_trials, p.limit_trial_at,
                CASE WHEN jsonb_typeof(p.claim_replaces) = 'array' THEN ARRAY(
                    SELECT coalesce(r->>'address', '') FROM jsonb_array_elements(p.claim_replaces) r
                ) ELSE '{}' END AS claim_replaces,
                CASE WHEN p.prebuild_status = 'hard_limited' AND p.active THEN \(sql: hasRecovered) ELSE false END AS has_recovered,
                CASE WHEN p.active AND NOT coalesce(l.has_fresh, false) THEN \(sql: ordersInVain) ELSE 0 END AS orders_in_vain,
                CASE WHEN p.active THEN \(sql: ClaimWaiter.waiting(for: "p.preset_id", at: moment)) ELSE 0 END AS waiting,
                coalesce(l.pending, 0) AS pending, coalesce(l.total, 0) AS total, coalesce(l.names, '{}') AS orphans
            FROM known p
            LEFT JOIN provisioner_jobs i ON i.id = p.job_id
            LEFT JOIN pools l ON l.preset_id = p.preset_id
            CROSS JOIN LATERAL (\(sql: clearedFailures)) c
            -- In the order of bytes, because a language's order takes longer than all the rest of this part.
            ORDER BY p.organization_name COLLATE "C", p.template_name COLLATE "C", p.name COLLATE "C", p.preset_id
            """
        )
    }

    /// The prebuilds, for `FROM`: all, or those that may be of the named presets. A prebuild that does not say for which
    /// preset it was ordered is found by its template.
    ///
    /// `IS TRUE` are the words of the index `workspaces_pool`. No other index has them, so the planner cannot choose one
    /// that would read all prebuilds, whatever it estimates.
    private var prebuilds: SQL {
        guard let named else { return "workspaces" }
        return """
            (
                SELECT * FROM workspaces x WHERE \(sql: .isPrebuild("x")) IS TRUE AND x.prebuild_preset_id = ANY(\(named))
                UNION ALL
                SELECT * FROM workspaces x
                WHERE \(sql: .isPrebuild("x")) IS TRUE AND x.prebuild_preset_id IS NULL AND x.template_id = ANY(ARRAY(
                    SELECT v.template_id FROM template_version_presets p
                    JOIN template_versions v ON v.id = p.template_version_id WHERE p.id = ANY(\(named))
                ))
            )
            """
    }

    /// The longest time from order to end of build of the pool's running prebuilds, in seconds. Evaluated only for pools
    /// with a time to live.
    private static let longestLead: SQL = """
        SELECT extract(epoch FROM max(j.completed_at - r.created_at))::float8
        FROM unnest(l.build_ids, l.created) r(build_id, created_at)
        CROSS JOIN LATERAL (SELECT x.job_id FROM workspace_builds x WHERE x.id = r.build_id OFFSET 0) b
        CROSS JOIN LATERAL (SELECT x.completed_at FROM provisioner_jobs x WHERE x.id = b.job_id OFFSET 0) j
        WHERE isfinite(j.completed_at) AND isfinite(r.created_at)
        """

    /// The old pools of roll-outs are kept filled, also when they are empty. A pass for some pools does not decide about them.
    private var standbys: SQL {
        guard named == nil else { return "" }
        return """
            UNION
            SELECT p.standby_preset_id FROM templates t
            JOIN template_version_presets p ON \(sql: .isActive("p.template_version_id"))
            WHERE p.standby_preset_id IS NOT NULL
            """
    }

    /// The time from which orders count for the ``RunawayBrake``.
    private var brakeStart: SQL {
        "(\(sql: moment) - make_interval(secs => \(RunawayBrake.window.inSeconds)))"
    }

    /// The largest size of the preset `p` that autoscaling or an override may ask for.
    private var mostByAutoscaling: SQL {
        """
        (CASE p.autoscale_mode WHEN 'off' THEN 0 ELSE p.autoscale_max END)::bigint, (
            SELECT greatest(x.instances, x.max_instances) FROM pool_overrides x
            JOIN template_versions y ON y.template_id = x.template_id
            WHERE y.id = p.version_id AND x.preset_name = p.name
        )::bigint
        """
    }

    /// The newest orders of the preset `p` since then, at most as many as the brake allows; 0 when one of them became
    /// ready. Evaluated only for pools without a fresh prebuild.
    private var ordersInVain: SQL {
        """
        (
            SELECT CASE WHEN bool_or(became_ready) THEN 0 ELSE count(*) END
            FROM (
                SELECT j.job_status = 'succeeded'
                    AND coalesce(a.ready, 0) >= \(sql: .declaredAgents(of: "b.template_version_id")) AS became_ready
                FROM (
                    SELECT b.job_id, b.template_version_id FROM workspace_builds b
                    WHERE b.template_version_preset_id = p.preset_id AND b.created_at > \(sql: brakeStart)
                        AND b.created_at >= coalesce(p.failures_forgotten_before, '-infinity')
                        AND b.build_number = 1 AND b.transition = 'start'
                        AND b.initiator_id = \(sql: .prebuildsUser)
                    ORDER BY b.created_at DESC, b.id DESC
                    LIMIT greatest(\(literal: RunawayBrake.leastOrders), \(literal: RunawayBrake.ordersPerInstance) * greatest(
                        p.desired_instances::bigint, \(sql: mostByAutoscaling), (
                            SELECT max(s.desired_instances) FROM template_version_preset_prebuild_schedules s
                            WHERE s.preset_id = p.preset_id
                        )::bigint
                    ))
                ) b
                LEFT JOIN LATERAL (SELECT x.job_status FROM provisioner_jobs x WHERE x.id = b.job_id OFFSET 0) j ON true
                LEFT JOIN LATERAL (
                    SELECT count(*) AS ready FROM workspace_resources r JOIN workspace_agents x ON x.resource_id = r.id
                    WHERE r.job_id = b.job_id AND (x.ready_at IS NOT NULL OR x.lifecycle_state = 'ready')
                ) a ON j.job_status = 'succeeded'
            ) o
        )
        """
    }
}
