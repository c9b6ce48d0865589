// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Prebuilds
package import Time

/// What pools were asked for, and how long their builds took.
extension Store {
    /// When claims of a preset came, in order: those of all versions of its template with a preset of this name, whatever
    /// their outcome, except errors.
    package func claims(of preset: PresetID, from start: Instant, to end: Instant, limit: Int) async throws -> [Instant]
    {
        try await pool.execute(
            Statement(
                "pools.claims",
                within: .seconds(30),
                """
                SELECT c.created_at
                FROM (\(sql: Self.namesakes(of: preset))) p
                CROSS JOIN LATERAL (
                    SELECT created_at FROM workspace_claims
                    WHERE preset_id = p.id AND created_at >= \(start) AND created_at < \(end) AND outcome <> 'error'
                    ORDER BY created_at LIMIT \(limit)
                ) c
                ORDER BY c.created_at LIMIT \(limit)
                """
            )
        ).map { try $0["created_at"] }
    }

    /// The times from order to ready of the newest fifty prebuilds of a preset, over all versions; `nil`: there is none.
    package func leadTimes(of preset: PresetID) async throws -> LeadTimes? {
        let rows = try await pool.execute(
            Statement(
                "pools.lead_times",
                within: .seconds(10),
                """
                SELECT \(sql: Self.percentiles)
                FROM template_version_presets me JOIN template_versions mine ON mine.id = me.template_version_id
                CROSS JOIN LATERAL (\(sql: Self.readyTimes(ofPresetNamed: "me.name", inVersionsOf: "mine.template_id"))) newest
                WHERE me.id = \(preset)
                """
            )
        )
        return try rows.first.flatMap(LeadTimes.init)
    }

    /// As ``leadTimes(of:)``, of several pools.
    static func leadTimes(ofPools pools: [PoolKey]) -> Statement {
        Statement(
            "sizing.lead_times",
            within: .seconds(10),
            """
            SELECT k.template_id, k.preset_name, \(sql: percentiles)
            FROM unnest(\(pools.map(\.templateID)), \(pools.map(\.presetName))) k(template_id, preset_name)
            CROSS JOIN LATERAL (\(sql: readyTimes(ofPresetNamed: "k.preset_name", inVersionsOf: "k.template_id"))) newest
            GROUP BY 1, 2
            """
        )
    }

    static func readLeadTimes(_ answer: QueryResult) throws -> [PoolKey: LeadTimes] {
        var times: [PoolKey: LeadTimes] = [:]
        for row in answer { times[try PoolKey(row)] = try LeadTimes(row) }
        return times
    }

    /// Columns over `seconds`.
    static let percentiles: SQL = """
        percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
            percentile_disc(0.9) WITHIN GROUP (ORDER BY seconds) AS p90
        """

    /// From the order of a prebuild until it could be claimed, that is until its build had succeeded and each of its agents
    /// had been ready, in `seconds`: of the newest fifty, of the newest versions. A claimant's own build is none.
    static func readyTimes(ofPresetNamed name: SQL, inVersionsOf template: SQL) -> SQL {
        """
        SELECT made.seconds FROM (
            SELECT p.id FROM template_versions o
            JOIN template_version_presets p ON p.template_version_id = o.id AND p.name = \(sql: name)
            WHERE o.template_id = \(sql: template) ORDER BY o.created_at DESC, o.id LIMIT 20
        ) versions
        CROSS JOIN LATERAL (
            SELECT extract(epoch FROM greatest(j.completed_at, a.ready_at) - b.created_at)::float8 AS seconds, b.created_at
            FROM (
                SELECT job_id, template_version_id, created_at FROM workspace_builds
                WHERE template_version_preset_id = versions.id AND transition = 'start' AND build_number = 1
                    AND initiator_id = \(sql: .prebuildsUser)
                ORDER BY created_at DESC LIMIT 100
            ) b
            JOIN provisioner_jobs j ON j.id = b.job_id
            CROSS JOIN LATERAL (\(sql: agentsOnceReady(ofJob: "b.job_id"))) a
            WHERE j.job_status = 'succeeded' AND isfinite(j.completed_at)
                AND a.ready >= \(sql: .declaredAgents(of: "b.template_version_id"))
            ORDER BY b.created_at DESC LIMIT 50
        ) made
        ORDER BY made.created_at DESC LIMIT 50
        """
    }

    /// A subquery of one row: how many agents of a build have ever been `ready`, and when the last of them was.
    static func agentsOnceReady(ofJob job: SQL) -> SQL {
        """
        SELECT max(x.ready_at) FILTER (WHERE isfinite(x.ready_at)) AS ready_at,
            count(*) FILTER (WHERE x.ready_at IS NOT NULL OR x.lifecycle_state = 'ready') AS ready
        FROM workspace_resources r JOIN workspace_agents x ON x.resource_id = r.id WHERE r.job_id = \(sql: job)
        """
    }

    /// The presets of the same name of all versions of the same template.
    static func namesakes(of preset: PresetID) -> SQL {
        """
        SELECT other.id
        FROM template_version_presets me
        JOIN template_versions mine ON mine.id = me.template_version_id
        JOIN template_versions version ON version.template_id = mine.template_id
        JOIN template_version_presets other ON other.template_version_id = version.id AND other.name = me.name
        WHERE me.id = \(preset)
        """
    }
}

extension LeadTimes {
    /// Reads the columns `p50` and `p90`; `nil` when there were no builds.
    fileprivate init?(_ row: Row) throws {
        guard let p50: Double = try row["p50"], let p90: Double = try row["p90"] else { return nil }
        self.init(p50: max(p50, 0.001), p90: max(p90, 0.001))
    }
}
