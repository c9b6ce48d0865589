// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Prebuilds
import Time

extension Store {
    /// How pools did within the last `window`, by preset of the active version; all versions of a template count together.
    ///
    /// It reads the claims of that time, the prebuilds that came and went in it, and those that there are, each through an
    /// index.
    ///
    /// - Parameter presets: Of active versions; `nil`: all that have a pool.
    package func poolCounters(
        over window: Duration,
        of presets: [PresetID]? = nil
    ) async throws -> [PresetID: PoolCounters] {
        let rows = try await pool.execute(Self.poolCounters(over: window, of: presets))
        return Dictionary(try rows.map { try ($0["preset_id"], PoolCounters($0, window: window)) }) { first, _ in first
        }
    }

    static func poolCounters(over window: Duration, of presets: [PresetID]? = nil) -> Statement {
        // The last fifty of many pools would be many builds.
        let times: SQL =
            presets?.count == 1
            ? readyTimes(ofPresetNamed: "pool.name", inVersionsOf: "pool.template_id")
            : "SELECT seconds FROM made WHERE made.pool_id = pool.preset_id"
        let start: SQL = "(now() - make_interval(secs => \(window.inSeconds)))"
        return Statement(
            "pools.counters",
            within: .seconds(30),
            """
            WITH pools AS MATERIALIZED (
                SELECT p.id AS preset_id, t.id AS template_id, p.name, t.name AS template, p.name AS preset,
                    o.name AS organization
                FROM templates t JOIN template_version_presets p ON \(sql: .isActive("p.template_version_id"))
                JOIN organizations o ON o.id = t.organization_id
                WHERE p.desired_instances IS NOT NULL AND \(sql: presets.map { "p.id = ANY(\($0))" } ?? "true")
            ), members AS MATERIALIZED (
                -- The presets of all versions.
                SELECT pools.preset_id AS pool_id, p.id AS member_id
                FROM pools JOIN template_versions v ON v.template_id = pools.template_id
                JOIN template_version_presets p ON p.template_version_id = v.id AND p.name = pools.name
            ), claims AS MATERIALIZED (
                SELECT m.pool_id, c.workspace_id, c.outcome, c.bound_at, \(sql: .hasWaited("c")) AS waited,
                    CASE WHEN isfinite(c.bound_at)
                        THEN greatest(extract(epoch FROM c.bound_at - c.created_at)::float8, 0) END AS bind,
                    CASE WHEN isfinite(c.usable_at)
                        THEN greatest(extract(epoch FROM c.usable_at - c.created_at)::float8, 0) END AS usable
                FROM (SELECT DISTINCT template_id FROM pools) t
                CROSS JOIN LATERAL (
                    SELECT c.* FROM workspace_claims c WHERE c.template_id = t.template_id AND c.created_at > \(sql: start)
                ) c
                JOIN members m ON m.member_id = c.preset_id
            ), asked AS (
                SELECT pool_id, count(*) FILTER (WHERE outcome <> 'error') AS claims, count(*) FILTER (WHERE outcome = 'hit') AS hits,
                    count(*) FILTER (WHERE outcome = 'error') AS errors, count(*) FILTER (WHERE waited) AS waited,
                    percentile_disc(0.5) WITHIN GROUP (ORDER BY bind) AS bind_p50,
                    percentile_disc(0.95) WITHIN GROUP (ORDER BY bind) AS bind_p95,
                    percentile_disc(0.5) WITHIN GROUP (ORDER BY usable) AS usable_p50,
                    percentile_disc(0.95) WITHIN GROUP (ORDER BY usable) AS usable_p95
                FROM claims GROUP BY pool_id
            ), outcomes AS (
                SELECT pool_id, array_agg(outcome ORDER BY outcome) AS names, array_agg(counted ORDER BY outcome) AS counts
                FROM (SELECT pool_id, outcome, count(*) AS counted FROM claims GROUP BY 1, 2) o GROUP BY pool_id
            ), built AS MATERIALIZED (
                SELECT m.pool_id, b.workspace_id, b.transition, b.build_number, b.created_at, b.job_id
                FROM members m CROSS JOIN LATERAL (
                    SELECT * FROM workspace_builds b
                    WHERE b.template_version_preset_id = m.member_id AND b.created_at > \(sql: start)
                        AND b.initiator_id = \(sql: .prebuildsUser)
                ) b
            ), ordered AS (
                SELECT built.pool_id, count(*) AS ordered, count(*) FILTER (WHERE j.job_status = 'failed') AS failed
                FROM built JOIN provisioner_jobs j ON j.id = built.job_id
                WHERE built.build_number = 1 AND built.transition = 'start' GROUP BY built.pool_id
            ), made AS MATERIALIZED (
                SELECT built.pool_id, extract(epoch FROM r.ready_at - built.created_at)::float8 AS seconds
                FROM built CROSS JOIN LATERAL (\(sql: Self.ready(of: "built.workspace_id"))) r
                WHERE built.build_number = 1 AND built.transition = 'start'
            ), left_pool AS MATERIALIZED (
                -- Prebuilds that were in the pool at some moment of the time, and when they left it.
                SELECT pool_id, workspace_id, min(left_at) AS left_at, bool_or(is_removed) AS is_removed FROM (
                    SELECT pool_id, workspace_id, bound_at AS left_at, false AS is_removed FROM claims WHERE outcome = 'hit'
                    UNION ALL
                    SELECT pool_id, workspace_id, created_at, true FROM built WHERE transition = 'delete'
                    UNION ALL
                    SELECT m.pool_id, w.id, NULL, false
                    FROM members m JOIN workspaces w ON w.claimable_preset_id = m.member_id
                    WHERE \(sql: .isPrebuild()) AND NOT w.retiring
                ) x GROUP BY 1, 2
            ), lives AS (
                SELECT l.pool_id, l.is_removed, greatest(extract(epoch FROM
                    coalesce(l.left_at, now()) - greatest(r.ready_at, \(sql: start))
                )::float8, 0) AS idle
                FROM left_pool l CROSS JOIN LATERAL (\(sql: Self.ready(of: "l.workspace_id"))) r
                WHERE r.ready_at IS NOT NULL AND r.ready_at <= coalesce(l.left_at, now())
            ), idle AS (
                SELECT pool_id, sum(idle) AS idle, count(*) FILTER (WHERE is_removed) AS wasted FROM lives GROUP BY pool_id
            )
            SELECT pool.preset_id, pool.template, pool.preset, pool.organization, coalesce(a.claims, 0) AS claims, coalesce(a.hits, 0) AS hits, coalesce(a.errors, 0) AS errors,
                coalesce(a.waited, 0) AS waited, a.bind_p50, a.bind_p95, a.usable_p50, a.usable_p95,
                coalesce(o.names, '{}') AS outcomes, coalesce(o.counts, '{}') AS outcome_counts,
                coalesce(n.ordered, 0) AS ordered, coalesce(n.failed, 0) AS failed, coalesce(i.idle, 0) AS idle,
                coalesce(i.wasted, 0) AS wasted, r.p50 AS ready_p50, r.p90 AS ready_p90
            FROM pools pool
            LEFT JOIN asked a ON a.pool_id = pool.preset_id
            LEFT JOIN outcomes o ON o.pool_id = pool.preset_id
            LEFT JOIN ordered n ON n.pool_id = pool.preset_id
            LEFT JOIN idle i ON i.pool_id = pool.preset_id
            CROSS JOIN LATERAL (SELECT \(sql: percentiles) FROM (\(sql: times)) newest) r
            """
        )
    }

    /// As ``poolCounters(over:of:)``, of all pools by name, if this worker is the fleet's reporter, with how long it is;
    /// `nil`: another one is.
    package func poolFacts(
        for worker: WorkerID,
        over window: Duration,
        wasReporter: Bool = false
    ) async throws -> (lease: Duration, pools: [PoolName: PoolCounters])? {
        guard
            let (lease, answers) = try await report(
                by: worker,
                wasReporter: wasReporter,
                [Self.poolCounters(over: window)]
            )
        else { return nil }
        let pools = try answers[0].map { try (PoolName($0), PoolCounters($0, window: window)) }
        return (lease, Dictionary(pools) { first, _ in first })
    }

    /// When a prebuild could be claimed for the first time: its first build had succeeded, and each of its agents had been
    /// ready.
    private static func ready(of workspace: SQL) -> SQL {
        """
        SELECT greatest(j.completed_at, a.ready_at) AS ready_at
        FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id
        CROSS JOIN LATERAL (\(sql: agentsOnceReady(ofJob: "b.job_id"))) a
        WHERE b.workspace_id = \(sql: workspace) AND b.build_number = 1 AND b.transition = 'start'
            AND b.initiator_id = \(sql: .prebuildsUser) AND j.job_status = 'succeeded' AND isfinite(j.completed_at)
            AND a.ready >= \(sql: .declaredAgents(of: "b.template_version_id"))
        """
    }
}
