// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

extension Store {
    /// Sets or takes away the cap of a template's builds, which holds for the next claims.
    ///
    /// Throws ``StoreError`` of code `.notFound`.
    package func capTemplate(_ name: String, _ cap: LimitChange) async throws {
        let column: SQL = "max_concurrent_builds = \(sql: cap.value(of: "max_concurrent_builds"))"
        try await changeTemplate(name, "templates.cap", setting: column, news: News.jobs)
    }

    /// Deprecates a template: it cannot be claimed any more, and its pools are emptied; workspaces of users stay. An
    /// empty message undoes it.
    ///
    /// Throws ``StoreError`` of code `.notFound`.
    package func deprecateTemplate(_ name: String, message: String) async throws {
        try await changeTemplate(name, "templates.deprecate", setting: "deprecated = \(message)")
    }

    /// Deletes a template: its name is free, its pools are emptied, and its pending and running imports are canceled.
    ///
    /// Throws ``StoreError`` of code `.notFound`, or of `.conflict` while users have workspaces of it, because their
    /// builds still need it.
    package func deleteTemplate(_ name: String) async throws {
        try await changing("templates.delete") { transaction in
            let rows = try await transaction.execute(
                "templates.lock",
                """
                SELECT t.id, (
                    SELECT count(*) FROM workspaces w
                    WHERE w.template_id = t.id AND NOT w.deleted AND w.owner_id <> \(prebuildsUserID)
                ) AS workspaces
                FROM templates t WHERE t.id = (\(sql: .templateID(named: name))) FOR UPDATE OF t
                """
            )
            guard let row = rows.first else { throw StoreError.noTemplate(name) }
            let (template, workspaces): (TemplateID, Int) = try (row["id"], row["workspaces"])
            guard workspaces == 0 else {
                throw StoreError(
                    .conflict,
                    "\(workspaces) workspace\(workspaces == 1 ? "" : "s") of '\(name)' would lose their template",
                    remedy: "Delete them first, or deprecate it: 'stoker templates deprecate \(name)'."
                )
            }
            _ = try await transaction.executeBatch([
                Statement(
                    "templates.delete",
                    "UPDATE templates SET deleted = true, updated_at = now() WHERE id = \(template)"
                ),
                // Otherwise an import that ends now would create the template again.
                Statement(
                    "templates.cancel_imports",
                    """
                    WITH canceled AS (
                        UPDATE provisioner_jobs j SET canceled_at = coalesce(j.canceled_at, now()), updated_at = now(),
                            completed_at = CASE WHEN j.worker_id IS NULL THEN now() END
                        FROM template_versions v
                        WHERE v.template_id = \(template) AND j.id = v.job_id AND j.completed_at IS NULL
                        RETURNING j.id, j.completed_at
                    )
                    SELECT \(sql: News.column(News.on(Channel.finished, "id"))) FROM canceled WHERE completed_at IS NOT NULL
                    """
                ),
                Statement(
                    "templates.news",
                    "SELECT \(sql: News.column(News.reconcile, News.workers))"
                ),
            ])
        }
    }
}
