// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
package import Prebuilds
package import Time

extension Store {
    /// The input of a plan as of now, without the lock: for `stoker plan`.
    package func snapshot(at now: Instant? = nil, limits: PlanLimits) async throws -> (now: Instant, snapshot: Snapshot)
    {
        let answers = try await pool.executeBatch(SnapshotQuery(now: now, limits: limits).statements)
        return try SnapshotQuery.read(answers)
    }
}

/// The statements that make a ``Snapshot``, for one round trip.
///
/// The statement of the presets and their prebuilds reads everything that must be consistent. Settings and quotas are read
/// before it; the parameters, which never change once a preset is visible, after it.
struct SnapshotQuery {
    let now: Instant?
    let limits: PlanLimits

    var statements: [Statement] { [Self.prepare, settings, presets, parameters] }

    /// The moment of the snapshot.
    var moment: SQL { "coalesce(\(now), transaction_timestamp())" }

    /// The newest of many builds are read through their index, from its end: a bitmap scan would read all of them,
    /// whatever the planner estimates.
    private static let prepare = Statement(
        "snapshot.prepare",
        within: .seconds(5),
        "SELECT set_config('enable_bitmapscan', 'off', true)"
    )

    static func read(_ answers: [QueryResult]) throws -> (now: Instant, snapshot: Snapshot) {
        guard answers.count == 4 else { throw StoreError.internalInconsistency("the snapshot is incomplete") }
        let (now, pause, quotas) = try readSettings(answers[1])
        let parameters = readParameters(answers[3])
        var snapshot = Snapshot(presets: [], pause: pause, prebuildQuotas: quotas)
        for row in answers[2] { snapshot.add(row, parameters) }
        return (now, snapshot)
    }
}

// MARK: - Settings

extension SnapshotQuery {
    private var settings: Statement {
        Statement(
            "snapshot.settings",
            """
            SELECT \(sql: moment) AS now, s.*,
                ARRAY(SELECT id FROM organizations WHERE prebuild_quota IS NOT NULL ORDER BY id) AS quota_organizations,
                ARRAY(SELECT prebuild_quota FROM organizations WHERE prebuild_quota IS NOT NULL ORDER BY id) AS quotas
            FROM (SELECT) one
            LEFT JOIN LATERAL (\(sql: FleetPause.inForce(at: moment))) s ON true
            """
        )
    }

    private static func readSettings(
        _ answer: QueryResult
    ) throws -> (now: Instant, pause: FleetPause?, quotas: [OrganizationID: Int]) {
        let row = try answer.only()
        let now: Instant = try row["now"]
        let pause = try (row["key"] as String?).map { _ in try FleetPause(row) }
        let quotas = try zip(row["quota_organizations"] as [OrganizationID], row["quotas"] as [Int])
        return (now, pause, Dictionary(quotas) { first, _ in first })
    }
}
