// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import PostgresClient
import Store
import TestSupport
import Time

extension DatabaseTemplate {
    /// The schema of this program, and nothing else.
    static let migrated = DatabaseTemplate("migrated") { url in
        try await Fleet.connected(to: url) { _ = try await $0.migrate() }
    }
}

/// The database of the running test: rows put in as an operator would, with only the columns that are needed, and what
/// the store made of them.
struct Fleet: Sendable {
    let store: Store
    /// The default organization.
    let organization: OrganizationID

    /// Monday 2 June 2025, 12:00 UTC: when passes are made unless a test says otherwise.
    static let now = Instant(seconds: 1_748_865_600)

    /// Opens the test's database with so many sessions, for as long as the body runs.
    static func open<Result>(sessions: Int = 4, _ body: (Fleet) async throws -> Result) async throws -> Result {
        try await connected(to: TestDatabase.current.connectionString, sessions: sessions) { store in
            let rows = try await store.pool.execute(Statement("test", "SELECT id FROM organizations WHERE is_default"))
            return try await body(
                Fleet(store: store, organization: try required(rows.first).decode(OrganizationID.self))
            )
        }
    }

    static func connected<Result>(
        to url: String,
        sessions: Int = 1,
        _ body: (Store) async throws -> Result
    ) async throws -> Result {
        try await PostgresPool.withPool(PostgresConfiguration(url), size: sessions, logger: .silent) { pool in
            try await body(Store(pool: pool))
        }
    }

    @discardableResult
    func sql(_ sql: SQL) async throws -> QueryResult {
        try await store.pool.execute(Statement("test", within: .seconds(60), sql))
    }

    /// The one value that the statement returns.
    func value<Value: PostgresDecodable>(_ sql: SQL, as type: Value.Type = Value.self) async throws -> Value {
        try required(try await self.sql(sql).first).decode(Value.self)
    }

    /// The single column that the statement returns.
    func column<Value: PostgresDecodable>(_ sql: SQL, as type: Value.Type = Value.self) async throws -> [Value] {
        try await self.sql(sql).map { try $0.decode(Value.self) }
    }
}

/// A row that a fixture counts on.
private func required(_ row: Row?) throws -> Row {
    guard let row else { throw StoreError(.inconsistent, "a test's statement returned no row") }
    return row
}

extension Logger {
    static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
}

// MARK: - Users and templates

extension Fleet {
    /// A template with its active version.
    struct Template: Sendable {
        let id: TemplateID
        let version: TemplateVersionID
    }

    func addOrganization(_ name: String) async throws -> OrganizationID {
        try await value("INSERT INTO organizations (name) VALUES (\(name)) RETURNING id")
    }

    @discardableResult
    func addUser(_ name: String, roles: [String] = []) async throws -> UserID {
        try await value("INSERT INTO users (username, rbac_roles) VALUES (\(name), \(roles)) RETURNING id")
    }

    /// A template whose active version has one required, immutable parameter, `test`.
    func addTemplate(_ name: String = "go-dev", organization: OrganizationID? = nil) async throws -> Template {
        let organization = organization ?? self.organization
        let id: TemplateID = try await value(
            """
            INSERT INTO templates (organization_id, name, created_by) VALUES (\(organization), \(name), \(UserID.random()))
            RETURNING id
            """
        )
        return Template(id: id, version: try await addVersion(of: id))
    }

    /// A version with the parameters given, all required; it becomes the template's active one.
    @discardableResult
    func addVersion(
        of template: TemplateID,
        parameters: [String] = ["test"],
        agents: [String] = [],
        activating: Bool = true
    ) async throws -> TemplateVersionID {
        let version: TemplateVersionID = try await value(
            """
            INSERT INTO template_versions (template_id, organization_id, name, created_by)
            SELECT id, organization_id, 'version', created_by FROM templates WHERE id = \(template) RETURNING id
            """
        )
        try await sql(
            """
            INSERT INTO template_version_parameters (template_version_id, name)
            SELECT \(version), name FROM unnest(\(parameters)) name
            """
        )
        try await sql(
            "INSERT INTO template_version_agents (template_version_id, name) SELECT \(version), unnest(\(agents))"
        )
        if activating { try await activate(version, of: template) }
        return version
    }

    func activate(_ version: TemplateVersionID, of template: TemplateID) async throws {
        try await sql("UPDATE templates SET active_version_id = \(version) WHERE id = \(template)")
    }

    func addPreset(
        _ name: String = "preset",
        of version: TemplateVersionID,
        desired: Int?,
        parameters: [String: String] = ["test": "value"],
        ttl: Duration? = nil,
        schedule: [(cron: String, count: Int)] = [],
        timeZone: String = ""
    ) async throws -> PresetID {
        let preset: PresetID = try await value(
            """
            INSERT INTO template_version_presets
                (template_version_id, name, desired_instances, invalidate_after_secs, scheduling_timezone)
            VALUES (\(version), \(name), \(desired), \(ttl?.components.seconds), \(timeZone)) RETURNING id
            """
        )
        for parameter in parameters {
            try await sql(
                """
                INSERT INTO template_version_preset_parameters (template_version_preset_id, name, value)
                VALUES (\(preset), \(parameter.key), \(parameter.value))
                """
            )
        }
        for row in schedule {
            try await sql(
                """
                INSERT INTO template_version_preset_prebuild_schedules (preset_id, cron_expression, desired_instances)
                VALUES (\(preset), \(row.cron), \(row.count))
                """
            )
        }
        return preset
    }
}
