// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgresClient
import Store

extension DatabaseTemplate {
    /// The schema of this program, and nothing else.
    package static let currentSchema = DatabaseTemplate("schema") { connectionString in
        let logger = Logger(label: "test.migrate", factory: { _ in SwiftLogNoOpLogHandler() })
        let pool = PostgresPool(PostgresConfiguration(connectionString), size: 1, logger: logger)
        do {
            _ = try await Store(pool: pool).migrate()
            await pool.close()
        } catch {
            await pool.close()
            throw error
        }
    }
}
