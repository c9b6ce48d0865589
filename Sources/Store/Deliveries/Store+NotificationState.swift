// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// Whether the server passes notifications on.
package struct NotificationState: Hashable, Sendable {
    /// Why it takes none; `nil`: it takes them.
    package var refusal: String?
    /// How much of its queue for them is full, from 0 to 1. It fills when a session that listens does not read.
    package var queueUsage: Double
    /// The session whose transaction has been open for longest, which may be the one that does not read.
    package var oldestTransaction: String?
}

extension Store {
    /// Tries a notification that nobody listens to.
    package func notificationState() async throws -> NotificationState {
        let row = try await pool.execute(
            Statement(
                "notifications.state",
                within: .seconds(5),
                """
                SELECT pg_notification_queue_usage(), (
                    SELECT format('process %s (%s), since %s', pid, application_name, date_trunc('second', xact_start))
                    FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()
                    ORDER BY xact_start LIMIT 1
                )
                """
            )
        ).only()
        let (usage, oldest) = try row.decode(Double.self, String?.self)
        var state = NotificationState(queueUsage: usage, oldestTransaction: oldest)
        do {
            _ = try await pool.execute(
                Statement("notifications.try", within: .seconds(5), "SELECT pg_notify('stoker_doctor', '')")
            )
        } catch let error as PostgresError {
            state.refusal = error.description
        }
        return state
    }
}
