// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import PostgresClient
package import Prebuilds
package import Time

/// Replays of the last week of pools that size themselves.
extension Store {
    /// When pools were last replayed.
    package func replays() async throws -> [PoolKey: Instant?] {
        let rows = try await pool.execute(
            Statement(
                "sizing.replays",
                within: .seconds(10),
                "SELECT template_id, preset_name, replayed_at FROM pool_sizing"
            )
        )
        var replays: [PoolKey: Instant?] = [:]
        for row in rows { replays[try PoolKey(row)] = .some(try row["replayed_at"]) }
        return replays
    }

    /// Takes on tonight's replay of a pool; false: another worker has.
    package func beginReplay(of key: PoolKey, after last: Instant?) async throws -> Bool {
        let rows = try await pool.execute(
            Statement(
                "sizing.begin_replay",
                within: .seconds(10),
                """
                UPDATE pool_sizing SET replayed_at = now()
                WHERE template_id = \(key.templateID) AND preset_name = \(key.presetName)
                    AND replayed_at IS NOT DISTINCT FROM \(last)
                RETURNING template_id
                """
            )
        )
        return !rows.isEmpty
    }

    /// Records a replay. When the pool does worse than its schedule, the schedule decides for a week.
    package func record(_ replay: SizingReplay, of key: PoolKey) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let text = String(decoding: try encoder.encode(replay), as: UTF8.self)
        _ = try await pool.execute(
            Statement(
                "sizing.record_replay",
                within: .seconds(10),
                """
                UPDATE pool_sizing SET replay = \(PostgresJSON(text)), updated_at = now(),
                    fallback_until = CASE WHEN \(replay.isWorse)
                        THEN now() + make_interval(secs => \(SizingReplay.week.inSeconds)) ELSE fallback_until END,
                    fallback_message = CASE WHEN \(replay.isWorse) THEN \(replay.message) ELSE fallback_message END
                WHERE template_id = \(key.templateID) AND preset_name = \(key.presetName)
                RETURNING \(sql: News.column(News.reconcile))
                """
            )
        )
    }
}
