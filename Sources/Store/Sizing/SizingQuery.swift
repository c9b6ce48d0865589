// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Time

extension SnapshotQuery {
    /// Claims are learned so long after they were recorded that none recorded before is still to be committed.
    private static let lag = 15
    /// A claim that waits is recorded as of when it began to, at most so long before.
    private static let longestWait = 3_600
    /// The newest claims of a template that are looked at.
    private static let mostClaims = 50_000

    /// Active presets with an override or autoscaling: their settings, what they have learned, and their claims of late.
    ///
    /// What it costs depends on their number and on how many claims of their templates came lately, not on those of the
    /// past.
    var sizes: Statement {
        Statement(
            "snapshot.sizes",
            """
            WITH pools AS MATERIALIZED (
                SELECT p.id AS preset_id, t.id AS template_id, p.name, p.autoscale_mode, p.autoscale_goal, p.autoscale_min,
                    p.autoscale_max, o.instances, o.mode, o.goal, o.min_instances, o.max_instances, o.until, o.reason, o.set_by,
                    o.set_at, coalesce(o.mode, p.autoscale_mode) <> 'off' AS learns
                FROM templates t
                -- Through the versions' index: presets of old versions are many.
                CROSS JOIN LATERAL (
                    SELECT * FROM template_version_presets x WHERE x.template_version_id = t.active_version_id OFFSET 0
                ) p
                LEFT JOIN pool_overrides o ON o.template_id = t.id AND o.preset_name = p.name
                    AND (o.until IS NULL OR o.until > \(sql: moment))
                WHERE \(sql: .isInUse()) AND p.desired_instances IS NOT NULL AND (p.autoscale_mode <> 'off' OR o.template_id IS NOT NULL)
                    AND \(sql: isNamed("p.id"))
            ), learners AS MATERIALIZED (
                SELECT pools.preset_id, pools.template_id AS owner_id, pools.name AS pool_name, s.template_id IS NOT NULL AS knows,
                    s.revision, s.open_slot, s.open_claims, s.learned_until, s.theta, s.lead_time, s.measured_at, s.peak_times,
                    s.peak_sizes, s.is_floored, s.is_capped, s.fallback_until, s.fallback_message,
                    least(
                        \(sql: moment) - make_interval(secs => \(PoolSizing.levelWindow.inSeconds)),
                        s.learned_until - make_interval(secs => \(literal: Self.longestWait))
                    ) AS since
                FROM pools LEFT JOIN pool_sizing s ON s.template_id = pools.template_id AND s.preset_name = pools.name
                WHERE pools.learns
            ), recent AS MATERIALIZED (
                SELECT owner.owner_id, n.name AS pool_name, c.id, c.created_at, c.recorded_at, c.hit
                FROM (SELECT owner_id, min(since) AS since FROM learners GROUP BY owner_id) owner
                CROSS JOIN LATERAL (
                    SELECT c.id, c.preset_id, c.created_at, coalesce(c.bound_at, c.created_at) AS recorded_at,
                        \(sql: .sufficed("c")) AS hit
                    FROM workspace_claims c
                    WHERE c.template_id = owner.owner_id AND c.created_at > owner.since AND c.created_at <= \(sql: moment)
                        AND c.outcome <> 'error'
                    ORDER BY c.created_at DESC LIMIT \(literal: Self.mostClaims)
                ) c
                JOIN template_version_presets n ON n.id = c.preset_id
            ), seen AS (
                SELECT l.preset_id,
                    count(*) FILTER (
                        WHERE c.created_at > \(sql: moment) - make_interval(secs => \(PoolSizing.levelWindow.inSeconds))
                    ) AS level,
                    count(*) FILTER (
                        WHERE c.created_at > \(sql: moment) - make_interval(secs => greatest(2 * l.lead_time, 600))
                    ) AS burst,
                    array_agg(c.recorded_at ORDER BY c.recorded_at, c.id)
                        FILTER (WHERE c.recorded_at > l.learned_until AND c.recorded_at <= \(sql: learnedUntil)) AS seen_at,
                    array_agg(c.hit ORDER BY c.recorded_at, c.id)
                        FILTER (WHERE c.recorded_at > l.learned_until AND c.recorded_at <= \(sql: learnedUntil)) AS seen_hits
                FROM recent c JOIN learners l ON l.owner_id = c.owner_id AND l.pool_name = c.pool_name
                GROUP BY l.preset_id
            )
            SELECT pools.*, \(sql: learnedUntil) AS until_now, l.knows, l.revision, l.open_slot, l.open_claims, l.learned_until,
                l.theta, l.lead_time, l.measured_at, l.peak_times, l.peak_sizes, l.is_floored, l.is_capped, l.fallback_until,
                l.fallback_message, coalesce(seen.level, 0) AS level, coalesce(seen.burst, 0) AS burst,
                coalesce(seen.seen_at, '{}') AS seen_at, coalesce(seen.seen_hits, '{}') AS seen_hits
            FROM pools LEFT JOIN learners l ON l.preset_id = pools.preset_id LEFT JOIN seen ON seen.preset_id = pools.preset_id
            """
        )
    }

    private var learnedUntil: SQL { "(\(sql: moment) - make_interval(secs => \(literal: Self.lag)))" }
}

extension SQL {
    /// Whether the size of the pool sufficed for the claim; NULL where the size could not have helped.
    static func sufficed(_ claim: String) -> SQL {
        let (reason, outcome): (SQL, SQL) = (
            "\(identifier: claim).outcome_reason", "\(identifier: claim).outcome"
        )
        return """
            CASE
                WHEN \(sql: outcome) = 'hit' THEN NOT (\(sql: hasWaited(claim)))
                WHEN \(sql: outcome) = 'miss_empty' AND \(sql: reason) IN ('', \(quoted: ClaimTarget.noneIsReady)) THEN false
            END
            """
    }

    /// The claim got its prebuild after a while only.
    static func hasWaited(_ claim: String) -> SQL {
        "\(identifier: claim).outcome = 'hit' AND \(identifier: claim).outcome_reason = \(quoted: ClaimWriting.waited)"
    }
}

// MARK: - Reading

/// What the database holds of a pool's sizing, beside its season.
struct StoredSizing {
    let presetID: PresetID
    var input: SizingInput
    /// Of the season; `nil`: nothing is stored.
    let revision: Int64?
    fileprivate let row: Row?

    /// Reads a row of ``SnapshotQuery/sizes``.
    init(_ row: Row) throws {
        presetID = try row["preset_id"]
        input = SizingInput(
            pool: PoolKey(templateID: try row["template_id"], presetName: try row["name"]),
            template: AutoscaleSettings(
                mode: try row.label("autoscale_mode"),
                goal: try row["autoscale_goal"],
                min: try row["autoscale_min"],
                max: try row["autoscale_max"]
            ),
            override: try PoolOverride(row)
        )
        guard try row["learns"] else {
            (revision, self.row) = (nil, nil)
            return
        }
        let until = try row["fallback_until"] as Instant?
        input.learning = SizingInput.Learning(
            state: nil,
            claims: try zip(row["seen_at"] as [Instant], row["seen_hits"] as [Bool?]).map(SeenClaim.init),
            recent: RecentClaims(level: try row["level"], burst: try row["burst"]),
            until: try row["until_now"],
            measuredAt: try row["measured_at"],
            fallback: try until.map { SizingFallback(until: $0, message: try row["fallback_message"]) }
        )
        let knows: Bool = try row["knows"]
        (revision, self.row) = knows ? (try row["revision"], row) : (nil, nil)
    }

    /// Completes what was read with the season.
    mutating func know(_ season: Season) throws {
        guard let row else { return }
        let sizes = try zip(row["peak_times"] as [Instant], row["peak_sizes"] as [Int])
        input.learning?.state = SizingState(
            season: season,
            calibration: Calibration(theta: try row["theta"]),
            leadTime: .seconds(try row["lead_time"] as Double),
            hold: TargetHold(peaks: sizes.map(TargetHold.Peak.init)),
            open: try (row["open_slot"] as Int64?).map(WeekSlot.init(number:)),
            openClaims: try row["open_claims"],
            isFloored: try row["is_floored"],
            isCapped: try row["is_capped"]
        )
    }
}

extension PoolOverride {
    /// Reads the columns of `pool_overrides`; `nil`: there is none.
    init?(_ row: Row) throws {
        guard let setBy: String = try row["set_by"] else { return nil }
        self.init(
            instances: try row["instances"],
            mode: try (row["mode"] as String?).map { _ in try row.label("mode") },
            goal: try row["goal"],
            min: try row["min_instances"],
            max: try row["max_instances"],
            until: try row["until"],
            reason: try row["reason"],
            setBy: setBy,
            setAt: try row["set_at"]
        )
    }
}
