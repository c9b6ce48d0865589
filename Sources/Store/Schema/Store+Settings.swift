// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

extension Store {
    /// The pause or maintenance in effect.
    package func pause() async throws -> FleetPause? {
        let rows = try await pool.execute("settings.pause", within: .seconds(10), FleetPause.inForce())
        return try rows.first.map(FleetPause.init)
    }

    /// Pauses the fleet, until the given moment or until ``resume(_:by:)``.
    package func pause(
        _ kind: FleetPause.Kind,
        until: Instant? = nil,
        reason: String = "",
        by: String? = nil
    ) async throws {
        try await set(kind, holds: true, until: until, reason: reason, by: by)
    }

    /// Ends ``pause(_:until:reason:by:)``. Does nothing when nothing is paused.
    package func resume(_ kind: FleetPause.Kind, by: String? = nil) async throws {
        try await set(kind, holds: false, until: nil, reason: "", by: by)
    }

    private func set(_ kind: FleetPause.Kind, holds: Bool, until: Instant?, reason: String, by: String?) async throws {
        let setting = Statement(
            "settings.set",
            """
            INSERT INTO settings (key, value, updated_by)
            VALUES (\(kind.key),
                jsonb_build_object(\(kind.flag), \(holds), 'until', \(until), 'reason', \(reason)), \(by))
            ON CONFLICT (key) DO UPDATE
            SET value = excluded.value, updated_by = excluded.updated_by, updated_at = now()
            RETURNING \(sql: News.column(News.reconcile, News.workers, News.jobs))
            """
        )
        let announcement: [Statement] =
            switch (kind, holds) {
            case (.reconciliation, _): []
            case (.maintenance, true): [Self.maintenanceStarted(until: until, reason: reason, by: by)]
            case (.maintenance, false): [Self.maintenanceEnded(at: nil, how: "command", by: by)]
            }
        try await changing("settings.set") { _ = try await $0.executeBatch([setting] + announcement) }
        if kind == .maintenance, holds { try await awaitClaims() }
    }

    /// Waits for claims that began before now; later ones see the new setting.
    private func awaitClaims() async throws {
        _ = try await pool.execute(
            "settings.await_claims",
            // The longest duration of a claim.
            within: .seconds(70),
            "SELECT pg_advisory_xact_lock(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.claims))::text"
        )
    }
}

// MARK: - Conditions

extension FleetPause.Kind {
    /// The key of the table `settings`.
    fileprivate var key: String {
        switch self {
        case .reconciliation: "prebuilds"
        case .maintenance: "maintenance"
        }
    }

    /// The member of the setting's value that says whether it is on.
    fileprivate var flag: String {
        switch self {
        case .reconciliation: "reconciliation_paused"
        case .maintenance: "active"
        }
    }

    /// Whether the row `s` of settings pauses this at the moment. A value that is not a Boolean counts as false, and an
    /// end that is not a time never comes. ``FleetPause/holds(at:)`` has the same rule for the end (`RuleTests`
    /// compares them).
    func isInForce(at moment: SQL = "now()") -> SQL {
        """
        (s.key = \(quoted: key) AND lower(s.value->>\(quoted: flag)) IN ('true', 't', 'yes', 'y', 'on', '1')
            AND coalesce(\(sql: FleetPause.end) > \(sql: moment), true))
        """
    }

}

extension FleetPause {
    /// Whether the row `s` of settings pauses the pools: a pause or a maintenance does.
    static func isAnyInForce(at moment: SQL = "now()") -> SQL {
        "(\(sql: Kind.reconciliation.isInForce(at: moment)) OR \(sql: Kind.maintenance.isInForce(at: moment)))"
    }

    /// The query of the pause in effect: at most one row, for ``init(_:)``.
    static func inForce(at moment: SQL = "now()") -> SQL {
        // Maintenance comes before a pause of the reconciler, because it stops more.
        """
        SELECT s.key, \(sql: end) AS until, coalesce(s.value->>'reason', '') AS reason, s.updated_by FROM settings s
        WHERE \(sql: isAnyInForce(at: moment)) ORDER BY s.key LIMIT 1
        """
    }

    init(_ row: Row) throws {
        self.init(
            kind: try row["key"] as String == Kind.maintenance.key ? .maintenance : .reconciliation,
            until: try row["until"],
            reason: try row["reason"],
            orderedBy: try row["updated_by"]
        )
    }

    /// When the pause in the row `s` of settings ends by itself; NULL if never.
    static let end: SQL = "stoker_moment(s.value->>'until')"
}

extension Store {
    /// Whether the fleet is in maintenance now.
    static let inMaintenance: SQL = """
        EXISTS (SELECT FROM settings s WHERE \(sql: FleetPause.Kind.maintenance.isInForce()))
        """
}
