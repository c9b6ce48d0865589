// SPDX-License-Identifier: Apache-2.0

import Basics
package import Logging

extension PostgresPool {
    /// Runs the body with a pool that is closed when the body ends, also when it throws.
    ///
    /// - Throws: What the body throws.
    package static func withPool<Result>(
        _ configuration: PostgresConfiguration,
        size: Int,
        logger: Logger,
        _ body: (PostgresPool) async throws -> Result
    ) async throws -> Result {
        let pool = PostgresPool(configuration, size: size, logger: logger)
        return try await withCleanup(pool.close) { try await body(pool) }
    }
}
