// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// A prebuild as lists show it.
package struct PrebuildSummary: Hashable, Sendable, Codable {
    package var id: WorkspaceID
    package var name: String
    package var templateName: String
    package var presetName: String
    package var versionName: String
    /// Whether its version is the active one of a template that is neither deleted nor deprecated.
    package var isActive: Bool
    package var transition: OpenEnum<Transition>
    /// The status of its latest build's job.
    package var status: OpenEnum<JobStatus>
    /// Whether it can be claimed.
    package var isEligible: Bool
    /// Agents that are not ready, with their states: `main starting`.
    package var waitingFor: [String]
    package var createdAt: Instant

    private enum CodingKeys: String, CodingKey {
        case id, name, transition, status
        case templateName = "template_name"
        case presetName = "preset_name"
        case versionName = "version_name"
        case isActive = "active"
        case isEligible = "eligible"
        case waitingFor = "waiting_for"
        case createdAt = "created_at"
    }
}

extension Store {
    /// The pools' workspaces, oldest first; of one template, if given.
    ///
    /// Throws ``StoreError`` of code `.notFound` for a filter that names what does not exist.
    package func prebuilds(
        of template: String? = nil,
        preset: String? = nil,
        limit: Int = 1_000
    ) async throws -> [PrebuildSummary] {
        let prebuilds = try await pool.execute(
            Statement(
                "prebuilds.list",
                """
                SELECT w.id, w.name, coalesce(t.name, '') AS template, coalesce(p.name, '') AS preset,
                    coalesce(v.name, '') AS version, coalesce(\(sql: .isActive()), false) AS is_active,
                    coalesce(l.transition::text, 'unknown') AS transition,
                    coalesce(l.job_status::text, 'unknown') AS status, coalesce(b.eligible, false) AS eligible,
                    ARRAY(
                        SELECT coalesce(a.name, d.name) || ' ' || coalesce(a.lifecycle_state::text, 'missing')
                        FROM (
                            SELECT x.name FROM template_version_agents x WHERE x.template_version_id = v.id
                        ) d
                        FULL JOIN (
                            SELECT x.name, x.lifecycle_state
                            FROM workspace_resources r JOIN workspace_agents x ON x.resource_id = r.id
                            WHERE r.job_id = l.job_id AND NOT x.deleted
                        ) a ON a.name = d.name
                        WHERE a.lifecycle_state IS DISTINCT FROM 'ready' AND b.running
                        ORDER BY 1
                    ) AS waiting_for,
                    w.created_at
                FROM workspaces w
                -- A prebuild is listed even when its preset, version or template is gone.
                LEFT JOIN workspace_prebuilds b ON b.workspace_id = w.id
                LEFT JOIN workspace_latest_builds l ON l.workspace_id = w.id
                LEFT JOIN template_versions v ON v.id = l.template_version_id
                LEFT JOIN templates t ON t.id = w.template_id
                LEFT JOIN template_version_presets p ON p.id = b.preset_id
                WHERE \(sql: .isPrebuild())
                    AND (\(template) IS NULL OR lower(t.name) = lower(\(template)))
                    AND (\(preset)::text IS NULL OR p.name = \(preset))
                ORDER BY t.name, p.name, w.created_at, w.id LIMIT \(limit)
                """
            )
        ).map(PrebuildSummary.init)
        if prebuilds.isEmpty {
            try await requireTemplate(template)
            try await requirePreset(preset, of: template)
        }
        return prebuilds
    }
}

extension PrebuildSummary {
    fileprivate init(_ row: Row) throws {
        id = try row["id"]
        name = try row["name"]
        templateName = try row["template"]
        presetName = try row["preset"]
        versionName = try row["version"]
        isActive = try row["is_active"]
        transition = try row["transition"]
        status = try row["status"]
        isEligible = try row["eligible"]
        waitingFor = try row["waiting_for"]
        createdAt = try row["created_at"]
    }
}
