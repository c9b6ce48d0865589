// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgresClient
import Store

extension DatabaseTemplate {
    /// The schema of this program, and nothing else.
    package static let currentSchema = DatabaseTemplate("schema") { connectionString in
        let logger = Logger(label: "test.migrate", factory: { _ in SwiftLogNoOpLogHandler() })
        try await PostgresPool.withPool(PostgresConfiguration(connectionString), size: 1, logger: logger) { pool in
            _ = try await Store(pool: pool).migrate()
        }
    }
}
