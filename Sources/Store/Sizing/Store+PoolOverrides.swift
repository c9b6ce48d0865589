// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Prebuilds
package import Time

/// A pool whose size an operator has set, or given back to its template.
package struct ChangedPool: Hashable, Sendable, Codable {
    package var presetID: PresetID
    package var templateName: String
    package var presetName: String
    /// In force from now on; `nil`: the template's numbers are.
    package var override: PoolOverride?
    /// In force before; `nil`: none was.
    package var replaced: PoolOverride?

    private enum CodingKeys: String, CodingKey {
        case override, replaced
        case presetID = "preset_id"
        case templateName = "template_name"
        case presetName = "preset_name"
    }
}

/// The numbers of an override; those that are `nil` stay as the template says.
package struct PoolNumbers: Hashable, Sendable {
    package var instances: Int?
    package var mode: AutoscaleSettings.Mode?
    package var goal: Double?
    package var min: Int?
    package var max: Int?

    package init(
        instances: Int? = nil,
        mode: AutoscaleSettings.Mode? = nil,
        goal: Double? = nil,
        min: Int? = nil,
        max: Int? = nil
    ) {
        self.instances = instances
        self.mode = mode
        self.goal = goal
        self.min = min
        self.max = max
    }
}

extension Store {
    /// Sets the size of a pool, in place of an earlier override. A pool that is told to size itself does so at once, even
    /// when the schedule decides because of a replay.
    ///
    /// Throws ``StoreError`` of code `.notFound`, or `.conflict` for a preset without a pool.
    package func setPool(
        _ template: String,
        _ preset: String,
        to numbers: PoolNumbers,
        until: Instant? = nil,
        reason: String = "",
        by operatorName: String
    ) async throws -> ChangedPool {
        try await changePool(
            template,
            preset,
            """
            INSERT INTO pool_overrides (template_id, preset_name, instances, mode, goal, min_instances, max_instances, until,
                reason, set_by)
            SELECT pool.template_id, pool.name, \(numbers.instances)::integer, \(numbers.mode?.rawValue), \(numbers.goal),
                \(numbers.min)::integer, \(numbers.max)::integer, \(until), \(reason), \(operatorName)
            FROM pool WHERE pool.has_pool
            ON CONFLICT (template_id, preset_name) DO UPDATE SET instances = excluded.instances, mode = excluded.mode,
                goal = excluded.goal, min_instances = excluded.min_instances, max_instances = excluded.max_instances,
                until = excluded.until, reason = excluded.reason, set_by = excluded.set_by, set_at = now()
            RETURNING template_id
            """,
            also: """
                UPDATE pool_sizing s SET fallback_until = NULL, fallback_message = '' FROM pool
                WHERE s.template_id = pool.template_id AND s.preset_name = pool.name
                    AND \(numbers.mode?.rawValue) = 'apply'
                RETURNING s.template_id
                """
        )
    }

    /// Ends the override of a pool; none is no error.
    package func resetPool(_ template: String, _ preset: String) async throws -> ChangedPool {
        try await changePool(
            template,
            preset,
            """
            DELETE FROM pool_overrides o USING pool WHERE o.template_id = pool.template_id AND o.preset_name = pool.name
            RETURNING o.template_id
            """,
            also: "SELECT"
        )
    }

    /// - Parameter change: Of the pool in `pool`.
    private func changePool(
        _ template: String,
        _ preset: String,
        _ change: SQL,
        also other: SQL
    ) async throws -> ChangedPool {
        try await changing("pools.change") { transaction in
            let found = try await transaction.execute(
                "pools.change",
                within: .seconds(10),
                """
                WITH pool AS MATERIALIZED (
                    SELECT p.id AS preset_id, t.id AS template_id, t.name AS template_name, p.name,
                        p.desired_instances IS NOT NULL AS has_pool
                    FROM templates t JOIN template_version_presets p
                        ON p.template_version_id = t.active_version_id AND p.name = \(preset)
                    WHERE t.id = (\(sql: .templateID(named: template)))
                ), changed AS (
                    \(sql: change)
                ), also AS (
                    \(sql: other)
                )
                SELECT pool.preset_id, pool.template_id, pool.template_name, pool.name, pool.has_pool, o.instances, o.mode, o.goal,
                    o.min_instances, o.max_instances, o.until, o.reason, o.set_by, o.set_at,
                    \(sql: News.column(News.reconcile("pool.preset_id")))
                -- The override before the change, which is not visible here.
                FROM pool LEFT JOIN pool_overrides o ON o.template_id = pool.template_id AND o.preset_name = pool.name
                    AND (o.until IS NULL OR o.until > now())
                """
            )
            guard let row = found.first else {
                throw StoreError.notFound("pool", "\(template)/\(preset)", remedy: "See 'stoker pools list'.")
            }
            guard try row["has_pool"] else {
                throw StoreError(
                    .conflict,
                    "The preset '\(template)/\(preset)' has no pool",
                    remedy: "Give it 'prebuilds' in stoker.yaml, and push it again."
                )
            }
            let templateID: TemplateID = try row["template_id"]
            let after = try await transaction.execute(
                "pools.override",
                within: .seconds(5),
                "SELECT * FROM pool_overrides WHERE template_id = \(templateID) AND preset_name = \(preset)"
            )
            return ChangedPool(
                presetID: try row["preset_id"],
                templateName: try row["template_name"],
                presetName: try row["name"],
                override: try after.first.flatMap { try PoolOverride($0) },
                replaced: try PoolOverride(row)
            )
        }
    }
}
