// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// What a pass must know beside the snapshot.
struct PassCircumstances {
    /// The newest row of `prebuild_decisions`.
    var lastDecision: Int64?
    /// A maintenance was announced, and its end was not.
    var announcesMaintenance: Bool
    /// As ``AppliedPlan/voice``.
    var voice: Duration

    init(_ row: Row) throws {
        let seconds: Double
        (lastDecision, announcesMaintenance, seconds) = try row.decode(Int64?.self, Bool.self, Double.self)
        voice = .seconds(max(seconds, 0))
    }
}

extension Store {
    static func circumstances(_ worker: WorkerID?) -> Statement {
        Statement(
            "reconcile.circumstances",
            within: .seconds(5),
            """
            SELECT (SELECT max(id) FROM prebuild_decisions),
                EXISTS (
                    SELECT FROM notification_events WHERE dedupe_key = \(maintenanceIncident) AND resolved_at IS NULL
                ),
                \(sql: voice(of: worker))
            """
        )
    }
}
