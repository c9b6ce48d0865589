// SPDX-License-Identifier: Apache-2.0

import PostgresClient

extension Store {
    /// Makes a database on this store's server, for measurements, and returns its name. Needs the right to create
    /// databases.
    ///
    /// - Parameter original: Another such database, to which nobody is connected, for a copy of it; `nil`: empty.
    package func createScratchDatabase(copying original: String? = nil) async throws -> String {
        let name = "stoker_bench_\(UInt32.random(in: 0 ... .max))"
        try await pool.withSession { session in
            try await session.executeScript(
                Statement(
                    "scratch.create",
                    within: .seconds(600),
                    "CREATE DATABASE \(identifier: name) TEMPLATE \(identifier: original ?? "template1")"
                )
            )
        }
        return name
    }

    /// Drops a database that ``createScratchDatabase()`` made, with everything in it and whoever is connected to it.
    package func dropScratchDatabase(_ name: String) async throws {
        try await pool.withSession { session in
            try await session.executeScript(
                Statement(
                    "scratch.drop",
                    within: .seconds(60),
                    "DROP DATABASE IF EXISTS \(identifier: name) WITH (FORCE)"
                )
            )
        }
    }
}
