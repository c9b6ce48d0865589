// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Store

/// Rows that a pass has created, kept to be inserted again: the minimum cost of creating them in any way.
struct CreatedRows {
    private static let tables = [
        "workspaces", "provisioner_jobs", "workspace_builds", "workspace_build_parameters", "prebuild_decisions",
    ]

    private let store: Store
    private let inserts: [Statement]

    /// Copies them.
    init(in store: Store) async throws {
        var inserts: [SQL] = []
        for table in Self.tables {
            let copy = "bench_\(table)"
            try await store.bench("CREATE UNLOGGED TABLE \(identifier: copy) AS TABLE \(identifier: table)")
            let names = try await store.bench(
                """
                SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)
                FROM information_schema.columns
                WHERE table_schema = current_schema() AND table_name = \(table) AND is_generated = 'NEVER'
                """
            )
            let columns = SQL(trusted: try names.only().decode(String.self))
            inserts.append(
                """
                INSERT INTO \(identifier: table) (\(sql: columns)) OVERRIDING SYSTEM VALUE
                SELECT \(sql: columns) FROM \(identifier: copy)
                """
            )
        }
        self.store = store
        self.inserts = inserts.map { Statement("bench.insert", within: .seconds(300), $0) }
    }

    /// Inserts them unchanged, in one transaction.
    func insert() async throws {
        _ = try await store.pool.executeBatch(inserts)
    }

    /// Removes all prebuilds, so that the next pass creates them again.
    func remove() async throws {
        let tables = SQL(trusted: Self.tables.joined(separator: ", "))
        try await store.bench("TRUNCATE \(sql: tables) CASCADE")
    }
}
