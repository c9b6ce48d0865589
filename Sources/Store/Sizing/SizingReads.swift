// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Time

/// What a pass reads of pools that size themselves only when it is due: weekly patterns that this process does not know,
/// lead times that are some minutes old, and the past of pools that begin.
struct SizingReads {
    /// Lead times are measured again after this time.
    private static let measured = Duration.seconds(300)
    /// How many pools are measured in a pass, and how many begin.
    private static let (mostMeasured, mostBegun) = (32, 16)
    private static let history = Duration.seconds(28 * 86_400)
    /// The newest claims that a pool begins with.
    private static let mostClaims = 50_000

    private var pools: [StoredSizing]
    private let now: Instant
    private let memory: SizingMemory

    /// - Parameter rows: Of ``SnapshotQuery/sizes``.
    /// - Parameter unreadable: Called with the rows that cannot be read.
    init(
        _ rows: QueryResult,
        at now: Instant,
        isWhole: Bool,
        memory: SizingMemory,
        unreadable: (Row, any Error) -> Void
    ) {
        var pools: [StoredSizing] = []
        for row in rows {
            do { pools.append(try StoredSizing(row)) } catch { unreadable(row, error) }
        }
        (self.pools, self.now, self.memory) = (pools, now, memory)
        if isWhole { memory.keep(Set(pools.map(\.input.pool))) }
    }

    /// Completes the pools, with statements of `execute` when something is due.
    mutating func complete(_ execute: ([Statement]) async throws -> [QueryResult]) async throws -> [PresetID:
        SizingInput]
    {
        let learning = pools.indices.filter { pools[$0].input.learning != nil }
        let unknown = learning.filter { index in
            pools[index].revision.map { memory.season(of: pools[index].input.pool, revision: $0) == nil } ?? false
        }
        let begun = learning.filter { pools[$0].revision == nil }.prefix(Self.mostBegun)
        let due = learning.filter { index in
            pools[index].input.learning?.measuredAt.map { now - $0 >= Self.measured } ?? true
        }
        let measured = due.prefix(Self.mostMeasured)
        if !unknown.isEmpty || !begun.isEmpty || !measured.isEmpty {
            let until = begun.first.flatMap { pools[$0].input.learning?.until } ?? now
            let answers = try await execute([
                Self.seasons(keys(unknown)), Self.history(keys(begun), until: until),
                Store.leadTimes(ofPools: keys(measured)),
            ])
            try readSeasons(answers[0])
            let histories = try Self.readHistories(answers[1])
            let times = try Store.readLeadTimes(answers[2])
            for index in begun {
                let history = histories[pools[index].input.pool]
                pools[index].input.learning?.history = history ?? []
            }
            try know(learning)
            for index in measured { measure(index, times[pools[index].input.pool]) }
        } else {
            try know(learning)
        }
        return Dictionary(pools.map { ($0.presetID, $0.input) }) { first, _ in first }
    }

    private func keys(_ indices: some Sequence<Int>) -> [PoolKey] { indices.map { pools[$0].input.pool } }

    private mutating func know(_ learning: [Int]) throws {
        for index in learning {
            guard let revision = pools[index].revision else { continue }
            try pools[index].know(memory.season(of: pools[index].input.pool, revision: revision) ?? Season())
        }
    }

    private mutating func measure(_ index: Int, _ times: LeadTimes?) {
        // A pool without a build is looked at again soon.
        pools[index].input.learning?.measuredAt = times == nil ? now - Self.measured + .seconds(30) : now
        pools[index].input.learning?.leadTime = times.map { .seconds($0.p90) } ?? SizingState.defaultLeadTime
    }
}

// MARK: - Statements

extension SizingReads {
    private static func seasons(_ pools: [PoolKey]) -> Statement {
        Statement(
            "sizing.seasons",
            reading: true,
            """
            SELECT s.template_id, s.preset_name, s.revision, s.claims, s.weeks
            FROM unnest(\(pools.map(\.templateID)), \(pools.map(\.presetName))) k(template_id, preset_name)
            JOIN pool_sizing s ON s.template_id = k.template_id AND s.preset_name = k.preset_name
            """
        )
    }

    private func readSeasons(_ answer: QueryResult) throws {
        for row in answer {
            memory.remember(
                Season(claims: try row["claims"], weeks: try row["weeks"]) ?? Season(),
                of: try PoolKey(row),
                revision: try row["revision"]
            )
        }
    }

    /// Claims of four weeks by quarters of an hour, of all versions.
    private static func history(_ pools: [PoolKey], until end: Instant) -> Statement {
        Statement(
            "sizing.history",
            within: .seconds(30),
            """
            SELECT k.template_id, k.preset_name, h.slot, h.claims
            FROM unnest(\(pools.map(\.templateID)), \(pools.map(\.presetName))) k(template_id, preset_name)
            CROSS JOIN LATERAL (
                SELECT floor(extract(epoch FROM c.created_at) / \(literal: Int(WeekSlot.seconds)))::bigint AS slot, count(*) AS claims
                FROM (
                    SELECT c.preset_id, c.created_at FROM workspace_claims c
                    WHERE c.template_id = k.template_id AND c.outcome <> 'error' AND c.created_at <= \(end)
                        AND coalesce(c.bound_at, c.created_at) <= \(end) AND c.created_at > \(end - Self.history)
                    ORDER BY c.created_at DESC LIMIT \(literal: Self.mostClaims)
                ) c
                JOIN template_version_presets p ON p.id = c.preset_id AND p.name = k.preset_name
                GROUP BY 1
            ) h
            ORDER BY k.template_id, k.preset_name, h.slot
            """
        )
    }

    private static func readHistories(_ answer: QueryResult) throws -> [PoolKey: [SlotClaims]] {
        var histories: [PoolKey: [SlotClaims]] = [:]
        for row in answer {
            let entry = SlotClaims(slot: WeekSlot(number: try row["slot"]), claims: try row["claims"])
            histories[try PoolKey(row), default: []].append(entry)
        }
        return histories
    }
}

extension PoolKey {
    /// Reads the columns `template_id` and `preset_name`.
    init(_ row: Row) throws {
        self.init(templateID: try row["template_id"], presetName: try row["preset_name"])
    }
}
