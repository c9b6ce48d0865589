// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// The names that a filter may give. An empty list for a name that nothing has would hide a slip of the keyboard.
extension Store {
    /// Throws ``StoreError`` of code `.notFound` unless a template has or had the name.
    package func requireTemplate(_ name: String?) async throws {
        guard let name else { return }
        try await require(
            "template",
            name,
            "SELECT EXISTS (SELECT FROM templates WHERE lower(name) = lower(\(name)))",
            remedy: "See 'stoker templates list'."
        )
    }

    /// As ``requireTemplate(_:)``, for a preset of any version; of one template, if given.
    package func requirePreset(_ name: String?, of template: String? = nil) async throws {
        guard let name else { return }
        let presets: SQL = """
            template_version_presets p JOIN template_versions v ON v.id = p.template_version_id
            JOIN templates t ON t.id = v.template_id
            WHERE (\(template)::text IS NULL OR lower(t.name) = lower(\(template)))
            """
        try await require(
            "preset",
            name,
            "SELECT EXISTS (SELECT FROM \(sql: presets) AND p.name = \(name))",
            remedy: "See 'stoker presets list'."
        )
    }

    /// As ``requireTemplate(_:)``, for the name or id of a worker.
    func requireWorker(_ name: String?) async throws {
        guard let name else { return }
        try await require(
            "worker",
            name,
            "SELECT EXISTS (SELECT FROM workers WHERE name = \(name) OR id::text = lower(\(name)))",
            remedy: "See 'stoker workers list'."
        )
    }

    /// As ``requireTemplate(_:)``, for the name or id of a workspace that the audience may see.
    func requireWorkspace(_ name: String?, visibleTo audience: Audience) async throws {
        guard let name else { return }
        try await require(
            "workspace",
            name,
            """
            SELECT EXISTS (
                SELECT FROM workspaces w WHERE (lower(w.name) = lower(\(name)) OR w.id::text = lower(\(name)))
                    AND \(sql: audience.seesWorkspace)
            )
            """,
            remedy: "See 'stoker workspaces list'."
        )
    }

    /// As ``requireTemplate(_:)``, for an owner of workspaces that the audience may see: others do not exist for it.
    func requireOwner(
        _ name: String?,
        visibleTo audience: Audience,
        remedy: String = "See 'stoker users list'."
    ) async throws {
        guard let name else { return }
        let visible: SQL =
            switch audience {
            case .everything: "NOT u.deleted"
            case .own(let user): "u.id = \(user)"
            case .ownAndPools(let user): "u.id IN (\(user), \(prebuildsUserID))"
            }
        try await require(
            "user",
            name,
            "SELECT EXISTS (SELECT FROM users u WHERE lower(u.username) = lower(\(name)) AND \(sql: visible))",
            remedy: remedy
        )
    }

    private func require(_ kind: String, _ name: String, _ exists: SQL, remedy: String) async throws {
        let found = try await pool.execute("names.find", within: .seconds(10), reading: true, exists)
        guard try !found.only().decode(Bool.self) else { return }
        throw StoreError.notFound(kind, name, remedy: remedy)
    }
}
