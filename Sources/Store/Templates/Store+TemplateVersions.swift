// SPDX-License-Identifier: Apache-2.0

import Domain
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
                    v.created_at
                FROM templates t
                JOIN template_versions v ON v.template_id = t.id
                LEFT JOIN provisioner_jobs j ON j.id = v.job_id
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
    package func promote(_ version: String, of template: String) async throws -> TemplateVersionSummary {
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
            let changed = try await transaction.execute(
                "templates.promote",
                """
                WITH promoted AS (
                    UPDATE templates t SET active_version_id = v.id, activated_at = now(), updated_at = now(),
                        provisioner = coalesce(j.provisioner, t.provisioner)
                    FROM template_versions v LEFT JOIN provisioner_jobs j ON j.id = v.job_id
                    WHERE v.id = \(id) AND t.id = v.template_id AND NOT t.deleted
                        AND (v.job_id IS NULL OR j.job_status = 'succeeded' OR j.id IS NULL)
                    RETURNING t.id
                )
                SELECT id, \(sql: News.column(News.reconcile)) FROM promoted
                """
            )
            guard !changed.isEmpty else {
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
    }
}
