// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Time

/// Data for reports on pools that a pass does not need.
extension Store {
    /// Why builds failed, by build; builds without a job are left out.
    package func failures(of builds: [BuildID]) async throws -> [BuildID: PoolFailure] {
        guard !builds.isEmpty else { return [:] }
        let rows = try await pool.execute(
            Statement(
                "pools.failures",
                within: .seconds(10),
                """
                SELECT b.id AS build_id, j.id AS job_id, coalesce(j.error, '') AS error,
                    coalesce(j.error_code, '') AS error_code, coalesce(j.completed_at, j.updated_at) AS at
                FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id
                WHERE b.id = ANY(\(builds))
                """
            )
        )
        let failures = try rows.map { row in
            let failure = PoolFailure(
                buildID: try row["build_id"],
                jobID: try row["job_id"],
                error: try row["error"],
                errorCode: try row["error_code"],
                at: try row["at"]
            )
            return (failure.buildID, failure)
        }
        return Dictionary(failures) { first, _ in first }
    }

    /// How long builds of presets take, by preset: the median of the newest five that succeeded. A preset without any
    /// uses those of the previous version.
    package func buildTimes(of presets: [PresetID]) async throws -> [PresetID: Duration] {
        guard !presets.isEmpty else { return [:] }
        let rows = try await pool.execute(
            Statement(
                "pools.build_times",
                within: .seconds(10),
                """
                SELECT me.id, \(sql: Self.buildTime(ofPresetNamed: "me.name", inVersionsOf: "v.template_id", until: "v.created_at"))
                FROM template_version_presets me JOIN template_versions v ON v.id = me.template_version_id
                WHERE me.id = ANY(\(presets))
                """
            )
        )
        let times = try rows.map { try $0.decode(PresetID.self, Double?.self) }
        return Dictionary(times.compactMap { id, seconds in seconds.map { (id, .seconds($0)) } }) { first, _ in first }
    }

    /// As ``buildTimes(of:)``, for the presets of the template's newest versions, by name; empty for an unknown
    /// template.
    package func buildTimes(ofTemplate template: String, presets: [String]) async throws -> [String: Duration] {
        guard !presets.isEmpty else { return [:] }
        let rows = try await pool.execute(
            Statement(
                "pools.build_times_by_name",
                within: .seconds(10),
                """
                SELECT me.name, \(sql: Self.buildTime(ofPresetNamed: "me.name", inVersionsOf: "t.id", until: "'infinity'"))
                FROM unnest(\(presets)) me(name) CROSS JOIN (\(sql: .templateID(named: template))) t
                """
            )
        )
        let times = try rows.map { try $0.decode(String.self, Double?.self) }
        return Dictionary(times.compactMap { name, seconds in seconds.map { (name, .seconds($0)) } }) { first, _ in
            first
        }
    }

    /// A scalar subquery, in seconds. It reads at most a hundred builds of two presets by an index.
    private static func buildTime(ofPresetNamed name: SQL, inVersionsOf template: SQL, until: SQL) -> SQL {
        """
        (
            SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FROM (
                SELECT made.seconds FROM (
                    SELECT p.id FROM template_versions o
                    JOIN template_version_presets p ON p.template_version_id = o.id AND p.name = \(sql: name)
                    WHERE o.template_id = \(sql: template) AND o.created_at <= \(sql: until)
                    ORDER BY o.created_at DESC, o.id LIMIT 2
                ) versions
                CROSS JOIN LATERAL (
                    SELECT extract(epoch FROM j.completed_at - j.started_at)::float8 AS seconds, b.created_at
                    FROM (
                        SELECT job_id, build_number, created_at FROM workspace_builds
                        WHERE template_version_preset_id = versions.id AND transition = 'start'
                        ORDER BY created_at DESC LIMIT 50
                    ) b
                    JOIN provisioner_jobs j ON j.id = b.job_id
                    WHERE b.build_number = 1 AND j.job_status = 'succeeded'
                        AND isfinite(j.started_at) AND isfinite(j.completed_at)
                    ORDER BY b.created_at DESC LIMIT 5
                ) made
                ORDER BY made.created_at DESC LIMIT 5
            ) newest
        )
        """
    }
}
