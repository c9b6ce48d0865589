// SPDX-License-Identifier: Apache-2.0

package import Domain
import FoundationEssentials
import PostgresClient
package import Prebuilds
package import Time

/// What a pass decided about a pool. It is recorded when it differs from the decision before.
package struct PoolDecision: Hashable, Sendable, Codable {
    package var id: Int64
    package var at: Instant
    package var presetID: PresetID
    /// The version of the preset; empty: it is gone.
    package var versionName: String
    /// The worker that made the pass; empty for a pass by command, and for a worker that is gone.
    package var workerName: String
    package var state: PoolState
    /// Why the size is not simply the template's number; `nil`: it is.
    package var size: PlannedSize?
    package var actions: [PlanReport.Action]
    package var withheld: [Withheld]

    private enum CodingKeys: String, CodingKey {
        case id, at, state, size, actions, withheld
        case presetID = "preset_id"
        case versionName = "version_name"
        case workerName = "worker_name"
    }
}

extension Store {
    /// The decisions about a pool, newest first, over all versions with a preset of this name.
    ///
    /// - Parameter decision: The last one of the part before.
    /// - Parameter since: Older ones are left out.
    /// - Parameter limit: It also bounds how many are looked at.
    package func decisions(
        template: String,
        preset: String,
        before decision: Int64? = nil,
        since: Instant? = nil,
        limit: Int
    ) async throws -> [PoolDecision] {
        let rows = try await pool.execute(
            Statement(
                "pools.decisions",
                within: .seconds(10),
                """
                SELECT d.id, d.decided_at, d.preset_id, coalesce(v.name, '') AS version_name, coalesce(w.name, '') AS worker_name,
                    d.state::text, d.size::text, d.actions::text, d.withheld::text
                FROM (
                    SELECT d.* FROM templates t
                    JOIN template_versions v ON v.template_id = t.id
                    JOIN template_version_presets p ON p.template_version_id = v.id AND p.name = \(preset)
                    CROSS JOIN LATERAL (
                        SELECT * FROM prebuild_decisions d
                        WHERE d.preset_id = p.id AND (\(decision)::bigint IS NULL OR d.id < \(decision))
                        ORDER BY d.id DESC LIMIT \(limit)
                    ) d
                    WHERE lower(t.name) = lower(\(template)) AND NOT t.deleted
                        AND d.decided_at >= coalesce(\(since), '-infinity')
                    ORDER BY d.id DESC LIMIT \(limit)
                ) d
                LEFT JOIN template_version_presets p ON p.id = d.preset_id
                LEFT JOIN template_versions v ON v.id = p.template_version_id
                LEFT JOIN workers w ON w.id = d.worker_id
                ORDER BY d.id DESC
                """
            )
        )
        return try rows.map(PoolDecision.init)
    }

    /// The preset of a template's active version; `nil`: there is none of this name.
    package func preset(_ preset: String, of template: String) async throws -> PresetID? {
        let rows = try await pool.execute(
            Statement(
                "pools.preset",
                reading: true,
                """
                SELECT p.id FROM templates t JOIN template_version_presets p
                    ON p.template_version_id = t.active_version_id AND p.name = \(preset)
                WHERE t.id = (\(sql: .templateID(named: template)))
                """
            )
        )
        return try rows.first?["id"]
    }
}

extension PoolDecision {
    fileprivate init(_ row: Row) throws {
        let decoder = JSONDecoder()
        func read<Value: Decodable>(_ text: String) throws -> Value {
            try decoder.decode(Value.self, from: Data(text.utf8))
        }
        self.init(
            id: try row["id"],
            at: try row["decided_at"],
            presetID: try row["preset_id"],
            versionName: try row["version_name"],
            workerName: try row["worker_name"],
            // Another release may have recorded more than this one knows.
            state: (try? read(row["state"])) ?? PoolState(),
            size: try (row["size"] as String?).flatMap { try? read($0) },
            actions: (try? read(row["actions"])) ?? [],
            withheld: (try? read(row["withheld"])) ?? []
        )
    }
}
