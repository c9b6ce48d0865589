// SPDX-License-Identifier: Apache-2.0

import PostgresClient
package import Time

extension Store {
    /// Pauses the pools of a template, until the given moment or until ``resumeTemplate(_:)``: nothing is created.
    /// Expired prebuilds are still deleted, and claims get existing ones.
    ///
    /// Throws ``StoreError`` of code `.notFound`.
    package func pauseTemplate(_ name: String, until: Instant? = nil) async throws {
        try await setPause(of: name, until: until ?? .distantFuture)
    }

    /// Ends ``pauseTemplate(_:until:)``. Does nothing when the template is not paused.
    package func resumeTemplate(_ name: String) async throws {
        try await setPause(of: name, until: nil)
    }

    private func setPause(of name: String, until: Instant?) async throws {
        try await changeTemplate(name, "templates.pause", setting: "prebuilds_paused_until = \(until)")
    }

    /// Changes a template that is not deleted, and notifies the reconciler. Throws ``StoreError`` of code `.notFound`.
    func changeTemplate(_ name: String, _ statement: String, setting column: SQL, news: SQL = News.reconcile)
        async throws
    {
        try await changing(statement) { transaction in
            let changed = try await transaction.execute(
                statement,
                """
                WITH changed AS (
                    UPDATE templates SET \(sql: column), updated_at = now()
                    WHERE id = (\(sql: .templateID(named: name))) RETURNING id
                )
                SELECT id, \(sql: News.column(news)) FROM changed
                """
            )
            if changed.isEmpty { throw StoreError.noTemplate(name) }
        }
    }
}
