// SPDX-License-Identifier: Apache-2.0

import PostgresClient
package import Time

/// The parts of the fleet that an operator can pause; the raw values are keys of the table `settings`.
package enum PauseScope: String, Hashable, Sendable {
    /// Only the reconciler; claims get existing prebuilds.
    case prebuilds
    /// The whole fleet: nothing is reconciled, and no job is claimed.
    case maintenance

    /// The member of the setting's value that says whether it is on.
    fileprivate var flag: String {
        switch self {
        case .prebuilds: "reconciliation_paused"
        case .maintenance: "active"
        }
    }
}

extension Store {
    /// Pauses the fleet, until the given moment or until ``resume(_:by:)``.
    package func pause(_ scope: PauseScope, until: Instant? = nil, reason: String = "", by: String? = nil) async throws
    {
        try await set(scope, holds: true, until: until, reason: reason, by: by)
    }

    /// Ends ``pause(_:until:reason:by:)``. Does nothing when nothing is paused.
    package func resume(_ scope: PauseScope, by: String? = nil) async throws {
        try await set(scope, holds: false, until: nil, reason: "", by: by)
    }

    private func set(_ scope: PauseScope, holds: Bool, until: Instant?, reason: String, by: String?) async throws {
        let setting = Statement(
            "settings.set",
            """
            INSERT INTO settings (key, value, updated_by)
            VALUES (\(scope.rawValue),
                jsonb_build_object(\(scope.flag), \(holds), 'until', \(until), 'reason', \(reason)), \(by))
            ON CONFLICT (key) DO UPDATE
            SET value = excluded.value, updated_by = excluded.updated_by, updated_at = now()
            RETURNING \(sql: News.column(News.reconcile, News.workers, News.jobs))
            """
        )
        let announcement: [Statement] =
            switch (scope, holds) {
            case (.prebuilds, _): []
            case (.maintenance, true): [Self.maintenanceStarted(until: until, reason: reason, by: by)]
            case (.maintenance, false): [Self.maintenanceEnded(at: nil, how: "command", by: by)]
            }
        _ = try await pool.executeBatch([setting] + announcement)
        if scope == .maintenance, holds { try await awaitClaims() }
    }

    /// Waits for claims that began before now; later ones see the new setting.
    private func awaitClaims() async throws {
        _ = try await pool.execute(
            Statement(
                "settings.await_claims",
                // The longest duration of a claim.
                within: .seconds(70),
                "SELECT pg_advisory_xact_lock(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.claims))::text"
            )
        )
    }
}

// MARK: - Conditions

extension PauseScope {
    /// Whether the row `s` of settings pauses this at the moment. A value that is not a Boolean counts as false, and an
    /// end that is not a time never comes. ``FleetPause/holds(at:)`` has the same rule for the end (`RuleTests`
    /// compares them).
    func isInForce(at moment: SQL = "now()") -> SQL {
        """
        (s.key = \(quoted: rawValue) AND lower(s.value->>\(quoted: flag)) IN ('true', 't', 'yes', 'y', 'on', '1')
            AND coalesce(\(sql: Self.end) > \(sql: moment), true))
        """
    }

    /// Whether the row `s` of settings pauses the pools: a pause or a maintenance does.
    static func isAnyInForce(at moment: SQL = "now()") -> SQL {
        "(\(sql: prebuilds.isInForce(at: moment)) OR \(sql: maintenance.isInForce(at: moment)))"
    }

    /// When the pause in the row `s` of settings ends by itself; NULL if never.
    static let end: SQL = "stoker_moment(s.value->>'until')"
}

extension Store {
    /// Whether the fleet is in maintenance now.
    static let inMaintenance: SQL = """
        EXISTS (SELECT FROM settings s WHERE \(sql: PauseScope.maintenance.isInForce()))
        """
}
