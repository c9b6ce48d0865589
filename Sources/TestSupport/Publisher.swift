// SPDX-License-Identifier: Apache-2.0

import Logging
import PostgresClient

/// Whether the server of a test's database accepts notifications. They are advice, so tests must pass in each case.
package enum Publisher: String, CaseIterable, Sendable {
    case working
    /// `pg_notify` is refused when it is called, as for a role without the privilege.
    case refused
    /// The commit of a transaction that has called `pg_notify` is refused, as when the queue of notifications is full.
    case full

    package static let broken: [Publisher] = [.refused, .full]

    /// The replacement of `pg_notify`; `nil`: none.
    private var function: String? {
        switch self {
        case .working: nil
        case .refused: "RAISE EXCEPTION 'permission denied for function pg_notify' USING ERRCODE = '42501';"
        case .full: "INSERT INTO broken.queue VALUES (channel);"
        }
    }

    /// Prepares a database, and returns its URL.
    func prepare(_ connectionString: String) async throws -> String {
        guard let function else { return connectionString }
        let logger = Logger(label: "test.publisher", factory: { _ in SwiftLogNoOpLogHandler() })
        try await PostgresPool.withPool(PostgresConfiguration(connectionString), size: 1, logger: logger) { pool in
            try await pool.withSession { session in
                try await session.executeScript(
                    Statement(
                        "test.publisher",
                        .init(
                            trusted: """
                                CREATE SCHEMA broken;
                                CREATE TABLE broken.queue (channel text);
                                CREATE FUNCTION broken.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                                    RAISE EXCEPTION 'too many notifications in the NOTIFY queue' USING ERRCODE = '54000';
                                END $$;
                                CREATE CONSTRAINT TRIGGER full_queue AFTER INSERT ON broken.queue
                                    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION broken.refuse();
                                CREATE FUNCTION broken.pg_notify(channel text, payload text) RETURNS void
                                    LANGUAGE plpgsql AS $$ BEGIN \(function) END $$;
                                """
                        )
                    )
                )
            }
        }
        let separator = connectionString.contains("?") ? "&" : "?"
        return connectionString + separator + "options=-csearch_path%3Dbroken,pg_catalog,public"
    }
}
