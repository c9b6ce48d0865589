// SPDX-License-Identifier: Apache-2.0

import PostgresClient

extension StoreError {
    /// The name that nothing has.
    package struct Missing: Hashable, Sendable {
        /// What was looked for.
        package enum Kind: String, Hashable, Sendable {
            case user, template, preset, worker, workspace
            case endpoint = "webhook endpoint"
        }

        package let kind: Kind
        package let name: String

        init?(_ kind: String, _ name: String) {
            // As a preset's error names it.
            guard let kind = Kind(rawValue: kind == "template with presets" ? "template" : kind) else { return nil }
            self.kind = kind
            self.name = name
        }
    }

    /// The same error with the nearest of these names, if one is near.
    package func suggesting(_ nearest: String?) -> StoreError {
        guard let nearest, !remedy.hasPrefix("Did you mean") else { return self }
        let question = "Did you mean '\(nearest)'?"
        return StoreError(code, message, remedy: remedy.isEmpty ? question : "\(question) \(remedy)", missing: missing)
    }
}

extension Store {
    /// The first names of a kind, in alphabetical order, to find what was meant by a name that nothing has.
    ///
    /// - Parameter audience: Of workspaces, only what it may see.
    package func names(of missing: StoreError.Missing, visibleTo audience: Audience) async throws -> [String] {
        let query: SQL =
            switch missing.kind {
            case .user:
                "SELECT username AS name FROM users WHERE NOT deleted AND NOT is_system ORDER BY lower(username)"
            case .template: "SELECT DISTINCT name FROM templates WHERE NOT deleted ORDER BY name"
            case .preset:
                """
                SELECT DISTINCT CASE WHEN strpos(\(missing.name), '/') > 0 THEN t.name || '/' || p.name ELSE p.name END AS name
                FROM template_version_presets p JOIN templates t ON t.active_version_id = p.template_version_id
                WHERE NOT t.deleted ORDER BY name
                """
            case .worker: "SELECT DISTINCT w.name FROM workers w WHERE \(sql: .isUp("w")) ORDER BY w.name"
            case .workspace:
                """
                SELECT DISTINCT w.name FROM workspaces w WHERE NOT w.deleted AND \(sql: audience.seesWorkspace) ORDER BY w.name
                """
            case .endpoint: "SELECT name FROM webhook_endpoints ORDER BY name"
            }
        return try await pool.execute(Statement("names.list", reading: true, "\(sql: query) LIMIT 250")).map {
            try $0["name"]
        }
    }
}
