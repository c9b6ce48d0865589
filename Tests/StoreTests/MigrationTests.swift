// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing

@testable import Store

@Suite(.database, .timeLimit(.minutes(1))) struct MigrationTests {
    private func withStore<Result>(sessions: Int = 1, _ body: (Store) async throws -> Result) async throws -> Result {
        try await Fleet.connected(to: TestDatabase.current.connectionString, sessions: sessions, body)
    }

    private func run(_ sql: SQL, on store: Store) async throws {
        _ = try await store.pool.execute(Statement("test", sql))
    }

    @Test func `an empty database becomes current, and stays so`() async throws {
        try await withStore { store in
            #expect(try await store.schemaState() == .empty)
            #expect(try await store.migrate() == Migration.all)
            #expect(try await store.schemaState() == .current)
            try await store.requireSchema()
            #expect(try await store.migrate() == [])
        }
    }

    @Test func `of many that migrate at once each step is applied by one`() async throws {
        let applied = try await withThrowingTaskGroup(of: [Migration].self) { group in
            for _ in 0..<6 { group.addTask { try await withStore { try await $0.migrate() } } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(applied.sorted { $0.version < $1.version } == Migration.all)
        try await withStore { try await $0.requireSchema() }
    }

    @Test func `an older schema is refused, and migrated from where it is`() async throws {
        try await withStore { store in
            try await store.pool.withTransaction("test") { transaction in
                for migration in Migration.all.prefix(3) {
                    try await transaction.executeScript(Statement("test", SQL(trusted: migration.sql)))
                }
                try await transaction.executeScript(
                    Statement(
                        "test",
                        """
                        CREATE TABLE schema_migrations (version integer PRIMARY KEY, name text NOT NULL,
                            checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
                        """
                    )
                )
                for migration in Migration.all.prefix(3) {
                    _ = try await transaction.execute(
                        Statement(
                            "test",
                            """
                            INSERT INTO schema_migrations (version, name, checksum)
                            VALUES (\(migration.version), \(migration.name), \(migration.checksum))
                            """
                        )
                    )
                }
            }
            #expect(try await store.schemaState() == .older(version: 4))
            let refusal = await #expect(throws: StoreError.self) { try await store.requireSchema() }
            #expect(
                refusal
                    == StoreError(
                        .schema,
                        "The database's schema is older than this program: step 4 is missing",
                        remedy: "Run 'stoker migrate'."
                    )
            )
            #expect(try await store.migrate() == Array(Migration.all.dropFirst(3)))
            try await store.requireSchema()
        }
    }

    @Test(arguments: [
        (
            "INSERT INTO schema_migrations (version, name, checksum) VALUES (99, 'later', 'x')",
            SchemaState.newer(version: 99)
        ),
        ("UPDATE schema_migrations SET checksum = 'edited' WHERE version = 3", .different(version: 3)),
        ("DELETE FROM schema_migrations WHERE version = 2", .different(version: 3)),
    ])
    func `a schema that is not this program's is refused and not touched`(change: String, state: SchemaState)
        async throws
    {
        try await withStore { store in
            _ = try await store.migrate()
            try await run(SQL(trusted: change), on: store)
            #expect(try await store.schemaState() == state)
            let migration = await #expect(throws: StoreError.self) { _ = try await store.migrate() }
            let start = await #expect(throws: StoreError.self) { try await store.requireSchema() }
            #expect([migration, start] == [state.refusal, state.refusal])
            #expect(state.refusal?.remedy.isEmpty == false)
        }
    }

    @Test func `an empty database is refused by whatever needs a schema`() async throws {
        try await withStore { store in
            let refusal = await #expect(throws: StoreError.self) { try await store.requireSchema() }
            #expect(
                refusal == StoreError(.schema, "The database has no Stoker schema", remedy: "Run 'stoker migrate'.")
            )
        }
    }

    @Test func `a role without privileges is told so`() async throws {
        try await withStore { store in
            let role = "poor_\(TestDatabase.current.name)"
            try await run("CREATE ROLE \(identifier: role) LOGIN", on: store)
            try await run("REVOKE CREATE ON SCHEMA public FROM PUBLIC", on: store)
            let url = TestDatabase.current.connectionString + "&options=-crole%3D\(role)"
            let error = await #expect(throws: StoreError.self) {
                try await Fleet.connected(to: url) { _ = try await $0.migrate() }
            }
            #expect(
                error
                    == StoreError(
                        .schema,
                        "The database's role may not change the schema: permission denied for schema public",
                        remedy:
                            "Run 'stoker migrate' as the owner of the database, or grant the role CREATE on the schema."
                    )
            )
            #expect(try await store.schemaState() == .empty)
            try await run("DROP ROLE \(identifier: role)", on: store)
        }
    }

    @Test func `the seeded rows are the contract's`() async throws {
        try await withStore { store in
            _ = try await store.migrate()
            let rows = try await store.pool.execute(
                Statement("test", "SELECT id, username, is_system FROM users")
            )
            let (id, name, isSystem) = try #require(rows.only).decode(UserID.self, String.self, Bool.self)
            #expect(id == prebuildsUserID)
            #expect(name == "prebuilds")
            #expect(isSystem)
        }
    }
}
