// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import PostgresClient
import Time

extension Store {
    /// The versions of a template, newest first. Throws ``StoreError`` of code `.notFound`.
    package func templateVersions(of template: String) async throws -> [TemplateVersionSummary] {
        let answers = try await pool.executeBatch([
            Statement("templates.find", .templateID(named: template)),
            Statement(
                "templates.versions",
                """
                SELECT v.id, v.name, v.message, coalesce(j.job_status::text, 'succeeded') AS status,
                    coalesce(j.error, '') AS error, coalesce(v.id = t.active_version_id, false) AS is_active,
                    (SELECT count(*) FROM template_version_presets p WHERE p.template_version_id = v.id) AS presets,
                    (
                        SELECT count(*) FROM workspaces w CROSS JOIN LATERAL \(sql: .latestBuild()) b
                        WHERE w.template_id = t.id AND NOT w.deleted AND b.template_version_id = v.id
                    ) AS workspaces,
                    v.created_at, h.status AS rehearsal, h.replacements::text AS replacements,
                    h.message AS rehearsal_message, h.rehearsed_at, coalesce(hp.name, '') AS rehearsed_preset
                FROM templates t
                JOIN template_versions v ON v.template_id = t.id
                LEFT JOIN provisioner_jobs j ON j.id = v.job_id
                LEFT JOIN LATERAL (
                    -- The worst of its presets.
                    SELECT * FROM template_version_rehearsals r
                    WHERE r.template_version_id = v.id AND r.status <> 'pending'
                    ORDER BY array_position(ARRAY['replaces', 'failed', 'none', 'in_place'], r.status), r.rehearsed_at LIMIT 1
                ) h ON true
                LEFT JOIN template_version_presets hp ON hp.id = h.preset_id
                WHERE t.id = (\(sql: .templateID(named: template)))
                ORDER BY v.created_at DESC, v.id
                """
            ),
        ])
        if answers[0].isEmpty { throw StoreError.noTemplate(template) }
        return try answers[1].map(TemplateVersionSummary.init)
    }

    /// Promotes a version to the active one: pools and claims use it from now on.
    ///
    /// It stays active when the import of a version that was pushed before ends later.
    ///
    /// - Parameter version: Its id, or its name; of several versions of one name the newest.
    /// - Throws: ``StoreError`` of code `.notFound`, or of `.conflict` while its import has not succeeded.
    ///
    /// - Parameter takesBack: Whether it takes back a roll-out: then its own roll-out is never taken back.
    package func promote(_ version: String, of template: String, takingBack takesBack: Bool = false) async throws
        -> TemplateVersionSummary
    {
        let versions = try await templateVersions(of: template)
        guard
            var promoted = versions.first(where: { "\($0.id)" == version.lowercased() })
                ?? versions.first(where: { $0.name == version })
        else {
            throw StoreError.notFound(
                "version of \(template)",
                version,
                remedy: "See 'stoker templates versions \(template)'."
            )
        }
        let (id, status) = (promoted.id, promoted.status)
        try await changing("templates.promote") { transaction in
            let changed = try await transaction.executeBatch(
                Self.promotion(of: "\(id)::uuid", if: "true", takingBack: takesBack)
            )
            guard changed.last?.isEmpty == false else {
                throw StoreError(
                    .conflict,
                    "Version '\(version)' of '\(template)' is not imported: its import is \(status)",
                    remedy: "Wait for it, or push it again."
                )
            }
        }
        promoted.isActive = true
        return promoted
    }

    /// Makes a version the active one, if its import has succeeded. The second statement has a row if it did.
    ///
    /// - Parameters:
    ///   - version: An expression for its id.
    ///   - condition: When it is done.
    ///   - takesBack: Whether it takes back a roll-out, for the trigger that begins the next one.
    static func promotion(of version: SQL, if condition: SQL, takingBack takesBack: Bool) -> [Statement] {
        [
            Statement(
                "templates.takes_back",
                "SELECT set_config('stoker.is_rollback', \(takesBack ? "on" : "off"), true)"
            ),
            Statement(
                "templates.promote",
                """
                WITH promoted AS (
                    UPDATE templates t SET active_version_id = v.id, activated_at = now(), updated_at = now(),
                        provisioner = coalesce(j.provisioner, t.provisioner)
                    FROM template_versions v LEFT JOIN provisioner_jobs j ON j.id = v.job_id
                    WHERE v.id = \(sql: version) AND t.id = v.template_id AND NOT t.deleted AND \(sql: condition)
                        AND (v.job_id IS NULL OR j.job_status = 'succeeded' OR j.id IS NULL)
                    RETURNING t.id
                )
                SELECT id, \(sql: News.column(News.reconcile)) FROM promoted
                """
            ),
        ]
    }
}

extension StoreError {
    static func noTemplate(_ name: String) -> Self {
        notFound("template", name, remedy: "See 'stoker templates list'.")
    }
}

extension TemplateVersionSummary {
    fileprivate init(_ row: Row) throws {
        id = try row["id"]
        name = try row["name"]
        message = try row["message"]
        status = try row["status"]
        error = try row["error"]
        isActive = try row["is_active"]
        presets = try row["presets"]
        workspaces = try row["workspaces"]
        createdAt = try row["created_at"]
        guard let status = try row["rehearsal"] as String? else { return }
        let replacements = try row["replacements"] as String
        rehearsal = RehearsalReport(
            status: OpenEnum(text: status),
            presetName: try row["rehearsed_preset"],
            // Rows of another release must not hide the version.
            replacements: (try? JSONDecoder().decode([Replacement].self, from: Data(replacements.utf8))) ?? [],
            message: try row["rehearsal_message"],
            at: try row["rehearsed_at"]
        )
    }
}
