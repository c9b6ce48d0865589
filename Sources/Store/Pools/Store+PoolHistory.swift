// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
package import Time

extension Store {
    /// How long the history keeps samples of five minutes.
    private static let fineFor = Duration.seconds(86_400)

    /// Adds a sample of each pool, with the claims since the sample before; in one statement, however many pools there are.
    /// What has been written for the same moment stays.
    ///
    /// - Parameter moment: A multiple of ``PoolHistory/step``.
    package func record(_ samples: [PoolSample], at moment: Instant) async throws {
        _ = try await pool.execute(
            "history.record",
            within: .seconds(30),
            """
            WITH before AS MATERIALIZED (
                -- After a pause of the fleet the first sample counts what was claimed meanwhile, within bounds.
                SELECT greatest(
                    coalesce((SELECT max(at) FROM pool_history WHERE seconds = 300 AND at < \(moment)), '-infinity'),
                    \(moment)::timestamptz - interval '1 hour'
                ) AS at
            ), served AS (
                -- A claim that waited counts when it was served.
                SELECT c.template_id, p.name, count(*) AS claims, count(*) FILTER (WHERE c.outcome <> 'hit') AS misses
                FROM workspace_claims c JOIN template_version_presets p ON p.id = c.preset_id
                WHERE c.created_at >= \(moment)::timestamptz - interval '3 hours' AND c.outcome <> 'error'
                    AND coalesce(c.bound_at, c.created_at) >= (SELECT at FROM before)
                    AND coalesce(c.bound_at, c.created_at) < \(moment)
                GROUP BY c.template_id, p.name
            ), pools AS (
                SELECT v.template_id, p.name, sum(s.desired) AS desired, sum(s.ready) AS ready, sum(s.starting) AS starting
                FROM unnest(
                    \(samples.map(\.presetID)), \(samples.map(\.desired)), \(samples.map(\.ready)), \(samples.map(\.starting))
                ) s(preset_id, desired, ready, starting)
                JOIN template_version_presets p ON p.id = s.preset_id
                JOIN template_versions v ON v.id = p.template_version_id
                WHERE v.template_id IS NOT NULL
                GROUP BY v.template_id, p.name
            )
            INSERT INTO pool_history (template_id, preset_name, at, desired, ready, starting, claims, misses)
            SELECT o.template_id, o.name, \(moment), o.desired, o.ready, o.starting,
                coalesce(c.claims, 0), coalesce(c.misses, 0)
            FROM pools o LEFT JOIN served c ON c.template_id = o.template_id AND c.name = o.name
            ON CONFLICT DO NOTHING
            """
        )
    }

    /// Replaces the samples of the oldest whole hour that is kept in five minutes for longer than a day by one for the hour.
    ///
    /// Returns the number of replaced samples; 0: there is no such hour.
    package func thinHistory() async throws -> Int {
        let rows = try await pool.execute(
            "history.thin",
            within: .seconds(60),
            """
            WITH hour AS MATERIALIZED (
                SELECT date_bin('1 hour', at - interval '1 microsecond', 'epoch') AS start FROM pool_history
                WHERE seconds = 300 AND at <= date_bin('1 hour', now() - make_interval(secs => \(Self.fineFor.inSeconds)), 'epoch')
                ORDER BY at LIMIT 1
            ), gone AS (
                DELETE FROM pool_history x USING hour h
                WHERE x.seconds = 300 AND x.at > h.start AND x.at < h.start + interval '1 hour' RETURNING x.*
            ), last AS (
                SELECT x.* FROM pool_history x JOIN hour h ON x.at = h.start + interval '1 hour' AND x.seconds = 300
            ), whole AS (
                INSERT INTO pool_history (template_id, preset_name, at, seconds, desired, ready, starting, claims, misses)
                SELECT a.template_id, a.preset_name, h.start + interval '1 hour', 3600, avg(a.desired), avg(a.ready),
                    avg(a.starting), sum(a.claims), sum(a.misses)
                FROM (SELECT * FROM gone UNION ALL SELECT * FROM last) a, hour h
                GROUP BY a.template_id, a.preset_name, h.start
                -- The last sample of the hour has the same place.
                ON CONFLICT (template_id, preset_name, at) DO UPDATE
                SET seconds = excluded.seconds, desired = excluded.desired, ready = excluded.ready,
                    starting = excluded.starting, claims = excluded.claims, misses = excluded.misses
                RETURNING 1
            )
            SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM whole)
            """
        )
        return try rows.only().decode(Int.self)
    }

    /// The history of a pool up to now, or up to a moment.
    ///
    /// Throws ``StoreError`` of code `.notFound` for an unknown template, and for a preset that no version has.
    package func history(
        of template: String,
        _ preset: String,
        _ range: HistoryRange,
        to moment: Instant? = nil
    ) async throws -> PoolHistory {
        let (id, now, name) = try await historySubject(template, preset)
        let end = moment ?? now
        let step = range.step.inSeconds
        let rows = try await pool.execute(
            "history.read",
            within: .seconds(10),
            reading: true,
            """
            SELECT bin AS at, avg(desired)::float8 AS desired, avg(ready)::float8 AS ready, avg(starting)::float8 AS starting,
                sum(claims) AS claims, sum(misses) AS misses
            FROM (
                SELECT h.*, date_bin(make_interval(secs => \(step)), at - interval '1 microsecond', 'epoch')
                    + make_interval(secs => \(step)) AS bin
                FROM pool_history h
                WHERE template_id = \(id) AND preset_name = \(preset) AND at > \(end - range.length) AND at <= \(end)
            ) binned
            GROUP BY bin ORDER BY bin
            """
        )
        return PoolHistory(
            templateName: name,
            presetName: preset,
            range: range,
            from: end - range.length,
            to: end,
            step: Int(step),
            points: try rows.map(PoolHistory.Point.init)
        )
    }

    private func historySubject(_ template: String, _ preset: String) async throws -> (TemplateID, Instant, String) {
        let rows = try await pool.execute(
            "history.subject",
            within: .seconds(10),
            reading: true,
            """
            SELECT t.id, t.name, now() AS now, ARRAY(
                SELECT DISTINCT p.name FROM template_versions v
                JOIN template_version_presets p ON p.template_version_id = v.id WHERE v.template_id = t.id ORDER BY 1
            ) AS presets
            FROM templates t WHERE t.id = (\(sql: .templateID(named: template)))
            """
        )
        guard let row = rows.first else { throw StoreError.noTemplate(template) }
        let presets: [String] = try row["presets"]
        guard presets.contains(preset) else {
            throw StoreError.notFound("preset", "\(template)/\(preset)", remedy: "See 'stoker presets list'.")
        }
        return (try row["id"], try row["now"], try row["name"])
    }
}

extension PoolHistory.Point {
    fileprivate init(_ row: Row) throws {
        self.init(
            at: try row["at"],
            desired: try row["desired"],
            ready: try row["ready"],
            starting: try row["starting"],
            claims: try row["claims"],
            misses: try row["misses"]
        )
    }
}
