// SPDX-License-Identifier: Apache-2.0

import PostgresClient

extension Store {
    /// The deployment's secret of this name, as it is stored. The candidate is stored when there is none yet, so every
    /// caller always gets the same.
    package func secret(_ name: String, orKeep candidate: [UInt8]) async throws -> [UInt8] {
        let answers = try await pool.executeBatch([
            Statement(
                "secrets.keep",
                within: .seconds(10),
                "INSERT INTO secrets (name, sealed) VALUES (\(name), \(candidate)) ON CONFLICT (name) DO NOTHING"
            ),
            Statement("secrets.read", within: .seconds(10), "SELECT sealed FROM secrets WHERE name = \(name)"),
        ])
        return try answers[1].only().decode([UInt8].self)
    }
}
