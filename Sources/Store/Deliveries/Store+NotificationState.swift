// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// Whether the server accepts notifications.
package struct NotificationState: Hashable, Sendable {
    /// Why it accepts none; `nil`: it accepts them.
    package var refusal: String?
    /// How much of its notification queue is full, from 0 to 1. It fills when a listening session does not read.
    package var queueUsage: Double
    /// The session with the oldest transaction, which may be the one that does not read.
    package var oldestTransaction: String?
}

extension Store {
    /// Sends a notification without listeners, as a test.
    package func notificationState() async throws -> NotificationState {
        let row = try await pool.execute(
            "notifications.state",
            within: .seconds(5),
            """
            SELECT pg_notification_queue_usage() AS usage, (
                SELECT format('process %s (%s), since %s', pid, application_name, date_trunc('second', xact_start))
                FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()
                ORDER BY xact_start LIMIT 1
            ) AS oldest
            """
        ).only()
        var state = NotificationState(queueUsage: try row["usage"], oldestTransaction: try row["oldest"])
        do {
            _ = try await pool.execute(
                "notifications.try",
                within: .seconds(5),
                "SELECT pg_notify('stoker_doctor', '')"
            )
        } catch let error as PostgresError {
            state.refusal = error.description
        }
        return state
    }
}
