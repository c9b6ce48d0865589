// SPDX-License-Identifier: Apache-2.0

import PostgresClient

extension Store {
    /// The server's version, and the settings of it that decide how fast it reads and writes.
    package func serverSettings() async throws -> [String: String] {
        let rows = try await pool.execute(
            Statement(
                "server.settings",
                within: .seconds(5),
                """
                SELECT name, current_setting(name) FROM pg_settings WHERE name IN (
                    'server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'work_mem',
                    'max_wal_size', 'jit'
                )
                """
            )
        )
        return Dictionary(try rows.map { try $0.decode(String.self, String.self) }) { first, _ in first }
    }
}
