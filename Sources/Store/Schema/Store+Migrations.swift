// SPDX-License-Identifier: Apache-2.0

import PostgresClient

extension Store {
    /// The state of the schema, compared with this program's.
    package func schemaState() async throws -> SchemaState {
        try SchemaState(applied: await Self.applied(pool))
    }

    /// Throws ``StoreError`` of code `.schema` unless the schema is this program's own.
    package func requireSchema() async throws {
        if let refusal = try await schemaState().refusal { throw refusal }
    }

    /// Applies the missing steps, each in a transaction of its own, and returns them.
    ///
    /// Any number of processes may call it at once: an advisory lock admits one at a time. Throws ``StoreError`` of
    /// code `.schema` when the applied steps differ from the known ones, before any change, and when the role may not
    /// change the schema.
    package func migrate() async throws -> [Migration] {
        var done: [Migration] = []
        do {
            while let step = try await migrateOnce() { done.append(step) }
        } catch let error as PostgresError where error.sqlState == .insufficientPrivilege {
            throw StoreError(
                .schema,
                "The database's role may not change the schema: \(error.message)",
                remedy: "Run 'stoker migrate' as the owner of the database, or grant the role CREATE on the schema."
            )
        }
        return done
    }

    private func migrateOnce() async throws -> Migration? {
        // The workers of the previous release keep running meanwhile: a step that locks tables in another order may
        // deadlock with them, and is repeated.
        try await pool.withTransaction("migrate", attempts: 20) { transaction in
            _ = try await transaction.execute(
                "migrations.lock",
                within: .seconds(300),
                "SELECT pg_advisory_xact_lock(\(Int32(AdvisoryLock.namespace)), \(Int32(AdvisoryLock.migrate)))"
            )
            let applied = try await Self.applied(transaction)
            switch SchemaState(applied: applied) {
            case .current: return nil
            case .empty, .older: break
            case .newer, .different: throw SchemaState(applied: applied).refusal ?? .internalInconsistency("schema")
            }
            let migration = Migration.all[applied.count]
            try await Self.apply(migration, on: transaction)
            return migration
        }
    }

    private static func apply(_ migration: Migration, on transaction: PostgresTransaction) async throws {
        try await transaction.executeScript(
            Statement(
                "migrations.table",
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now()
                )
                """
            )
        )
        try await transaction.executeScript(
            Statement("migrations.step", within: .seconds(3600), SQL(trusted: migration.sql))
        )
        _ = try await transaction.execute(
            "migrations.record",
            """
            INSERT INTO schema_migrations (version, name, checksum)
            VALUES (\(Int32(migration.version)), \(migration.name), \(migration.checksum))
            """
        )
    }

    private static func applied(_ executor: some PostgresExecutor) async throws -> [(version: Int, checksum: String)] {
        let exists = try await executor.execute(
            "migrations.exists",
            within: .seconds(10),
            "SELECT to_regclass('schema_migrations') IS NOT NULL"
        )
        guard try exists.only().decode(Bool.self) else { return [] }
        let rows = try await executor.execute(
            "migrations.applied",
            within: .seconds(10),
            "SELECT version, checksum FROM schema_migrations ORDER BY version"
        )
        return try rows.map { (try $0["version"], try $0["checksum"]) }
    }
}
