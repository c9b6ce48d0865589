// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// How a pool did within a time: what claims got, and what its prebuilds cost. Times are in seconds.
package struct PoolCounters: Hashable, Sendable, Codable {
    /// Half of the claims, and nearly all of them, took no longer; both are absent without any.
    package struct Quantiles: Hashable, Sendable, Codable {
        package var p50: Double?
        package var p95: Double?

        package init(p50: Double?, p95: Double?) {
            self.p50 = p50
            self.p95 = p95
        }
    }

    /// The time that was counted.
    package var window: Double
    /// All claims but those that failed.
    package var claims: Int
    /// Those that got a prebuild.
    package var hits: Int
    /// `nil`: there was no claim.
    package var hitRatio: Double?
    /// The others, by outcome; only outcomes that there were.
    package var misses: [String: Int]
    /// Hits that waited for their prebuild.
    package var waited: Int
    /// Claims that were refused or failed.
    package var errors: Int
    package var bind: Quantiles
    package var usable: Quantiles
    /// The sum over all ready prebuilds of the time that they waited for a claim.
    package var idle: Double
    /// Prebuilds ordered.
    package var ordered: Int
    /// Of these, those whose build has failed.
    package var failed: Int
    /// Prebuilds that were ready and were removed unclaimed.
    package var wastedBuilds: Int
    /// From order to ready: of one pool, of its last fifty prebuilds; of many, of those ordered in the time. `nil`: there
    /// is none.
    package var readyTime: ReadyTime?

    /// As a pool's lead time: see `LeadTimes`.
    package struct ReadyTime: Hashable, Sendable, Codable {
        package var p50: Double
        package var p90: Double
    }

    private enum CodingKeys: String, CodingKey {
        case claims, hits, misses, waited, errors, ordered, failed
        case window = "window_seconds"
        case hitRatio = "hit_ratio"
        case bind = "bind_seconds"
        case usable = "usable_seconds"
        case idle = "idle_seconds"
        case wastedBuilds = "wasted_builds"
        case readyTime = "ready_seconds"
    }

    /// All claims that got no prebuild.
    package var missed: Int { misses.values.reduce(0, +) }
}

extension PoolCounters {
    /// Reads a row of ``Store/poolCounters(over:of:)``.
    init(_ row: Row, window: Duration) throws {
        let (claims, hits): (Int, Int) = (try row["claims"], try row["hits"])
        let outcomes = try zip(row["outcomes"] as [String], row["outcome_counts"] as [Int])
        let readyTime = try (row["ready_p50"] as Double?).map { ReadyTime(p50: $0, p90: try row["ready_p90"]) }
        self.init(
            window: window.inSeconds,
            claims: claims,
            hits: hits,
            hitRatio: claims > 0 ? Double(hits) / Double(claims) : nil,
            misses: Dictionary(outcomes.filter { $0.0 != "hit" && $0.0 != "error" }) { first, _ in first },
            waited: try row["waited"],
            errors: try row["errors"],
            bind: Quantiles(p50: try row["bind_p50"], p95: try row["bind_p95"]),
            usable: Quantiles(p50: try row["usable_p50"], p95: try row["usable_p95"]),
            idle: try row["idle"],
            ordered: try row["ordered"],
            failed: try row["failed"],
            wastedBuilds: try row["wasted"],
            readyTime: readyTime
        )
    }
}
