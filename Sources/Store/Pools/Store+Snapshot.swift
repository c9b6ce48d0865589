// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
package import Prebuilds
package import Time

extension Store {
    /// The input of a plan as of now, without the lock: for `stoker plan`.
    ///
    /// - Parameter memory: Kept by the process, so that weekly patterns are read once.
    package func snapshot(
        at now: Instant? = nil,
        limits: PlanLimits,
        memory: SizingMemory = SizingMemory()
    ) async throws -> (now: Instant, snapshot: Snapshot) {
        let answers = try await pool.executeBatch(SnapshotQuery(now: now, limits: limits).statements)
        return try await SnapshotQuery.read(answers, memory: memory) { try await pool.executeBatch($0) }
    }
}

/// The statements that make a ``Snapshot``, for one round trip.
///
/// The statement of the presets and their prebuilds reads everything that must be consistent. Settings and quotas are read
/// before it; the parameters, which never change once a preset is visible, after it.
struct SnapshotQuery {
    let now: Instant?
    let limits: PlanLimits
    /// The presets to be read; `nil`: all.
    var named: [PresetID]?

    var statements: [Statement] {
        let all = [prepare, settings, presets, parameters, sizes]
        return named.map { all + [totals(of: $0)] + Self.afterwards } ?? all
    }

    /// The moment of the snapshot.
    var moment: SQL { "coalesce(\(now), transaction_timestamp())" }

    /// Whether the preset is to be read.
    func isNamed(_ preset: SQL) -> SQL {
        named.map { "\(sql: preset) = ANY(\($0))" } ?? "true"
    }

    /// The newest of many builds are read through their index, from its end: a bitmap scan would read all of them,
    /// whatever the planner estimates. A few pools are read through indexes only, by a plan that is made once: to make it
    /// takes longer than to read them.
    private var prepare: Statement {
        Statement(
            "snapshot.prepare",
            within: .seconds(5),
            named == nil
                ? "SELECT set_config('enable_bitmapscan', 'off', true)"
                : """
                SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true),
                    set_config('plan_cache_mode', 'force_generic_plan', true)
                """
        )
    }

    /// What is good for reading a few pools is not for writing them.
    private static let afterwards = [
        Statement("snapshot.seqscan", within: .seconds(5), "SET LOCAL enable_seqscan TO DEFAULT"),
        Statement("snapshot.plans", within: .seconds(5), "SET LOCAL plan_cache_mode TO DEFAULT"),
    ]

    /// Reads the answers to ``statements``.
    ///
    /// - Parameter execute: Executes statements that the answers make necessary.
    static func read(
        _ answers: [QueryResult],
        memory: SizingMemory,
        _ execute: ([Statement]) async throws -> [QueryResult]
    ) async throws -> (now: Instant, snapshot: Snapshot) {
        guard answers.count >= 5 else { throw StoreError.internalInconsistency("the snapshot is incomplete") }
        let (now, pause, quotas) = try readSettings(answers[1])
        let parameters = readParameters(answers[3])
        var snapshot = Snapshot(presets: [], pause: pause, prebuildQuotas: quotas)
        for row in answers[2] { snapshot.add(row, parameters) }
        if answers.count > 5 { snapshot.totals = try readTotals(answers[5]) }
        var sizes = SizingReads(answers[4], at: now, isWhole: snapshot.totals == nil, memory: memory) {
            snapshot.leaveOut($0, $1)
        }
        snapshot.add(try await sizes.complete(execute))
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
