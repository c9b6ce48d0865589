// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Time

/// Events about the fleet's maintenance: one when it starts, and one when it ends.
extension Store {
    /// The dedupe key that makes a maintenance one incident: starting it again while it lasts writes no event.
    static let maintenanceIncident = "maintenance"

    static func maintenanceStarted(until: Instant?, reason: String, by: String?) -> Statement {
        Statement(
            "maintenance.started",
            """
            SELECT stoker_emit_event(
                \(sql: .event(.maintenanceStarted)), NULL, \(sql: PlanWriter.templateAdmins), '{}',
                jsonb_build_object('by', \(by)::text, 'reason', \(reason), 'until', \(until)::timestamptz),
                '{}', 'fleet', \(maintenanceIncident), now()
            ), \(sql: News.ofEvents)
            """
        )
    }

    /// Writes the end event of a maintenance whose start was announced; otherwise does nothing.
    ///
    /// - Parameter how: `command`, or `time` when it ended by itself.
    static func maintenanceEnded(at now: Instant?, how: String, by: String?) -> Statement {
        Statement(
            "maintenance.ended",
            """
            WITH ended AS (
                UPDATE notification_events SET resolved_at = coalesce(\(now), now()), updated_at = now()
                WHERE dedupe_key = \(maintenanceIncident) AND resolved_at IS NULL
                RETURNING created_at
            )
            SELECT stoker_emit_event(
                \(sql: .event(.maintenanceEnded)), NULL, \(sql: PlanWriter.templateAdmins), '{}',
                jsonb_build_object('by', \(by)::text, 'how', \(how), 'started_at', ended.created_at),
                '{}', 'fleet', NULL, coalesce(\(now), now())
            ), \(sql: News.ofEvents)
            FROM ended
            """
        )
    }
}
