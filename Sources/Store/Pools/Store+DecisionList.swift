// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import PostgresClient
package import Prebuilds
package import Time

/// What a pass decided about a pool, when that differed from the decision before.
package struct PoolDecision: Hashable, Sendable, Codable {
    package var id: Int64
    package var at: Instant
    package var state: PoolState
    package var actions: [PlanReport.Action]
    package var withheld: [Withheld]
    /// The worker that made the pass; empty for a pass by command, and for a worker that is gone.
    package var workerName: String

    private enum CodingKeys: String, CodingKey {
        case id, at, state, actions, withheld
        case workerName = "worker_name"
    }
}

extension Store {
    /// The decisions about a pool, newest first, over all versions with a preset of this name. What this release cannot
    /// read is left out.
    ///
    /// - Parameter decision: The last one of the part before.
    package func decisions(
        template: String,
        preset: String,
        before decision: Int64? = nil,
        limit: Int
    ) async throws -> [PoolDecision] {
        let rows = try await pool.execute(
            "pools.decisions",
            within: .seconds(10),
            """
            SELECT d.id, d.decided_at, d.state::text AS state, d.actions::text AS actions, d.withheld::text AS withheld,
                coalesce(k.name, '') AS worker
            FROM (
                SELECT d.* FROM template_version_presets p
                JOIN template_versions v ON v.id = p.template_version_id
                JOIN templates t ON t.id = v.template_id
                CROSS JOIN LATERAL (
                    SELECT * FROM prebuild_decisions d
                    WHERE d.preset_id = p.id AND (\(decision)::bigint IS NULL OR d.id < \(decision))
                    ORDER BY d.id DESC LIMIT \(literal: limit)
                ) d
                WHERE lower(t.name) = lower(\(template)) AND NOT t.deleted AND p.name = \(preset)
            ) d LEFT JOIN workers k ON k.id = d.worker_id
            ORDER BY d.id DESC LIMIT \(literal: limit)
            """
        )
        return try rows.compactMap { row in
            guard let state: PoolState = read(try row["state"]),
                let actions: [PlanReport.Action] = read(try row["actions"]),
                let withheld: [Withheld] = read(try row["withheld"])
            else { return nil }
            return PoolDecision(
                id: try row["id"],
                at: try row["decided_at"],
                state: state,
                actions: actions,
                withheld: withheld,
                workerName: try row["worker"]
            )
        }
    }

    private func read<Value: Decodable>(_ json: String) -> Value? {
        try? JSONDecoder().decode(Value.self, from: Data(json.utf8))
    }
}
