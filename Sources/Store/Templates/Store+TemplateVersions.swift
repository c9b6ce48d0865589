// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Time

extension Store {
    /// The versions of a template, newest first. Throws ``StoreError`` of code `.notFound`.
    package func templateVersions(of template: String) async throws -> [TemplateVersionSummary] {
        let answers = try await pool.executeBatch([
            Statement("templates.find", Self.templateID(named: template)),
            Statement(
                "templates.versions",
                """
                SELECT v.id, v.name, v.message, coalesce(j.job_status::text, 'succeeded'), coalesce(j.error, ''),
                    coalesce(v.id = t.active_version_id, false),
                    (SELECT count(*) FROM template_version_presets p WHERE p.template_version_id = v.id),
                    (
                        SELECT count(*) FROM workspaces w CROSS JOIN LATERAL (
                            SELECT * FROM workspace_builds b WHERE b.workspace_id = w.id
                            ORDER BY b.build_number DESC LIMIT 1
                        ) b
                        WHERE w.template_id = t.id AND NOT w.deleted AND b.template_version_id = v.id
                    ),
                    v.created_at
                FROM templates t
                JOIN template_versions v ON v.template_id = t.id
                LEFT JOIN provisioner_jobs j ON j.id = v.job_id
                WHERE t.id = (\(sql: Self.templateID(named: template)))
                ORDER BY v.created_at DESC, v.id
                """
            ),
        ])
        if answers[0].isEmpty { throw StoreError.noTemplate(template) }
        return try answers[1].map(TemplateVersionSummary.init)
    }

    /// Makes a version the active one: pools are kept of it from now on, and claims get it.
    ///
    /// It stays the active one when the import of a version that was pushed before ends later.
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
        let changed = try await pool.execute(
            Statement(
                "templates.promote",
                """
                WITH promoted AS (
                    UPDATE templates t SET active_version_id = v.id, activated_at = now(), updated_at = now(),
                        provisioner = coalesce(j.provisioner, t.provisioner)
                    FROM template_versions v LEFT JOIN provisioner_jobs j ON j.id = v.job_id
                    WHERE v.id = \(promoted.id) AND t.id = v.template_id AND NOT t.deleted
                        AND (v.job_id IS NULL OR j.job_status = 'succeeded' OR j.id IS NULL)
                    RETURNING t.id
                )
                SELECT id, \(sql: News.column(News.reconcile)) FROM promoted
                """
            )
        )
        guard !changed.isEmpty else {
            throw StoreError(
                .conflict,
                "Version '\(version)' of '\(template)' is not imported: its import is \(promoted.status)",
                remedy: "Wait for it, or push it again."
            )
        }
        promoted.isActive = true
        return promoted
    }

    /// The id of a template that is not deleted, the default organization's before others.
    static func templateID(named name: String) -> SQL {
        """
        SELECT t.id FROM templates t JOIN organizations o ON o.id = t.organization_id
        WHERE lower(t.name) = lower(\(name)) AND NOT t.deleted ORDER BY o.is_default DESC, o.name LIMIT 1
        """
    }
}

extension StoreError {
    static func noTemplate(_ name: String) -> Self {
        notFound("template", name, remedy: "See 'stoker templates list'.")
    }
}

extension TemplateVersionSummary {
    fileprivate init(_ row: Row) throws {
        (id, name, message, status, error, isActive, presets, workspaces, createdAt) = try row.decode(
            TemplateVersionID.self,
            String.self,
            String.self,
            String.self,
            String.self,
            Bool.self,
            Int.self,
            Int.self,
            Instant.self
        )
    }
}
