// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Time

/// What pools have learned by a plan, as it is stored. Weekly patterns are large: a pass stores a few of them, those first
/// that have been behind for longest. A pool that is left out learns the same again in the next pass.
struct SizingWriting {
    private static let mostSeasons = 64

    private let rows: [LearnedSizing]
    private let seasons: [LearnedSizing]
    private let revisions: [Int64]
    private let now: Instant

    init(_ learned: [LearnedSizing], at now: Instant) {
        func start(_ pool: LearnedSizing) -> Int64 { pool.before?.open?.number ?? .min }
        let behind = learned.filter(\.isSeasonNew).sorted { start($0) < start($1) }
        seasons = Array(behind.prefix(Self.mostSeasons))
        let postponed = Set(behind.dropFirst(Self.mostSeasons).map(\.pool))
        rows = postponed.isEmpty ? learned : learned.filter { !postponed.contains($0.pool) }
        revisions = seasons.map { _ in .random(in: 1 ... .max) }
        self.now = now
    }

    /// Empty when there is nothing to store.
    var statements: [Statement] {
        (rows.isEmpty ? [] : [store]) + (seasons.isEmpty ? [] : [storeSeasons])
    }

    /// To be called with the statements, committed or not: a revision is written once.
    func remember(in memory: SizingMemory) {
        for (pool, revision) in zip(seasons, revisions) {
            memory.remember(pool.after.season, of: pool.pool, revision: revision)
        }
    }

    private var store: Statement {
        let peaks = rows.map(\.after.hold.peaks)
        let ends = peaks.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        return Statement(
            "plan.sizing",
            """
            WITH peaks AS MATERIALIZED (
                SELECT \(peaks.flatMap { $0.map(\.at) }) AS times, \(peaks.flatMap { $0.map { Int32($0.size) } }) AS sizes
            )
            INSERT INTO pool_sizing AS s (template_id, preset_name, open_slot, open_claims, learned_until, theta, lead_time,
                measured_at, peak_times, peak_sizes, is_floored, is_capped, replayed_at, updated_at)
            SELECT n.template_id, n.preset_name, n.open_slot, n.open_claims, n.learned_until, n.theta, n.lead_time, n.measured_at,
                peaks.times[n.first + 1:n.last], peaks.sizes[n.first + 1:n.last], n.is_floored, n.is_capped, \(now), \(now)
            FROM peaks, unnest(
                \(rows.map(\.pool.templateID)), \(rows.map(\.pool.presetName)), \(rows.map { $0.after.open?.number }),
                \(rows.map { Int32(clamping: $0.after.openClaims) }), \(rows.map(\.until)),
                \(rows.map(\.after.calibration.theta)), \(rows.map(\.after.leadTime.inSeconds)), \(rows.map(\.measuredAt)),
                \(Array(ends.dropLast())), \(Array(ends.dropFirst())), \(rows.map(\.after.isFloored)),
                \(rows.map(\.after.isCapped))
            ) n(template_id, preset_name, open_slot, open_claims, learned_until, theta, lead_time, measured_at, first, last,
                is_floored, is_capped)
            WHERE EXISTS (SELECT FROM templates t WHERE t.id = n.template_id)
            ON CONFLICT (template_id, preset_name) DO UPDATE SET open_slot = excluded.open_slot,
                open_claims = excluded.open_claims, learned_until = excluded.learned_until, theta = excluded.theta,
                lead_time = excluded.lead_time, measured_at = excluded.measured_at, peak_times = excluded.peak_times,
                peak_sizes = excluded.peak_sizes, is_floored = excluded.is_floored, is_capped = excluded.is_capped,
                updated_at = excluded.updated_at
            """
        )
    }

    private var storeSeasons: Statement {
        let bins = WeekSlot.perWeek
        return Statement(
            "plan.seasons",
            """
            WITH given AS MATERIALIZED (
                SELECT \(seasons.flatMap(\.after.season.claims)) AS claims, \(seasons.flatMap(\.after.season.weeks)) AS weeks
            )
            UPDATE pool_sizing s SET revision = n.revision,
                claims = given.claims[(n.place - 1) * \(literal: bins) + 1:n.place * \(literal: bins)],
                weeks = given.weeks[(n.place - 1) * \(literal: bins) + 1:n.place * \(literal: bins)]
            FROM given, unnest(\(seasons.map(\.pool.templateID)), \(seasons.map(\.pool.presetName)), \(revisions))
                WITH ORDINALITY n(template_id, preset_name, revision, place)
            WHERE s.template_id = n.template_id AND s.preset_name = n.preset_name
            """
        )
    }
}
