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
                SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds) AS p50,
                    percentile_disc(0.9) WITHIN GROUP (ORDER BY seconds) AS p90
                FROM (
                    SELECT made.seconds FROM (\(sql: Self.namesakes(of: preset))) p
                    CROSS JOIN LATERAL (
                        SELECT extract(epoch FROM j.completed_at - b.created_at)::float8 AS seconds, b.created_at
                        FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id
                        WHERE b.template_version_preset_id = p.id AND b.transition = 'start' AND b.build_number = 1
                            AND j.job_status = 'succeeded' AND isfinite(j.completed_at)
                        ORDER BY b.created_at DESC LIMIT 50
                    ) made
                    ORDER BY made.created_at DESC LIMIT 50
                ) newest
                """
            )
        )
        guard let row = rows.first, let p50: Double = try row["p50"], let p90: Double = try row["p90"] else {
            return nil
        }
        return LeadTimes(p50: max(p50, 0.001), p90: max(p90, 0.001))
    }

    /// The presets of the same name of all versions of the same template.
    private static func namesakes(of preset: PresetID) -> SQL {
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
