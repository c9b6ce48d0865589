// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A token bucket for each caller: so many requests a second, and twice as many at once.
///
/// A caller is a token that has proved right here before, else an address: guessing tokens from one address empties that
/// address's bucket and nobody else's.
package final class RateLimiter: Sendable {
    package enum Key: Hashable, Sendable {
        case address(String)
        /// By its hash.
        case token([UInt8])
    }

    private struct Bucket {
        var level: Double
        var at: ContinuousClock.Instant
    }

    /// Beyond it, buckets that are full again are forgotten.
    private static let room = 10_000

    private let rate: Double
    private let buckets = Mutex<[Key: Bucket]>([:])

    /// - Parameter rate: Requests a second; 0: any number.
    package init(rate: Int) {
        self.rate = Double(rate)
    }

    /// Takes one request from the bucket.
    ///
    /// - Returns: How long to wait before the next attempt, in seconds; `nil`: go on.
    package func admit(_ key: Key, at now: ContinuousClock.Instant = .now) -> Int? {
        guard rate > 0 else { return nil }
        return buckets.withLock { buckets in
            if buckets.count >= Self.room { buckets = buckets.filter { level(of: $0.value, at: now) < rate * 2 } }
            var bucket = buckets[key] ?? Bucket(level: rate * 2, at: now)
            bucket = Bucket(level: level(of: bucket, at: now), at: now)
            defer { buckets[key] = bucket }
            guard bucket.level >= 1 else { return max(Int(((1 - bucket.level) / rate).rounded(.up)), 1) }
            bucket.level -= 1
            return nil
        }
    }

    /// Gives a token that has proved right a bucket of its own.
    package func know(_ token: [UInt8], at now: ContinuousClock.Instant = .now) {
        buckets.withLock { buckets in
            if buckets[.token(token)] == nil { buckets[.token(token)] = Bucket(level: rate * 2, at: now) }
        }
    }

    package func knows(_ token: [UInt8]) -> Bool {
        buckets.withLock { $0[.token(token)] != nil }
    }

    /// How many callers are remembered.
    package var size: Int { buckets.withLock(\.count) }

    private func level(of bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
        min(bucket.level + bucket.at.duration(to: now) / .seconds(1) * rate, rate * 2)
    }
}
