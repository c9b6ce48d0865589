// SPDX-License-Identifier: Apache-2.0

package import Operations
import Synchronization

/// The rate limit: a token bucket for each caller, with a burst of twice the rate.
///
/// A caller is the holder of a token that was accepted here before, with all tokens together, else an address. So
/// guessing tokens from one address empties only that address's bucket, and more tokens allow no more requests.
package final class RateLimiter: Sendable {
    /// Whom a bucket is for.
    package enum Key: Hashable, Sendable {
        case address(String)
        case caller(Caller.Identity)
        /// An agent, by the hash of its token.
        case agent([UInt8])
    }

    private struct Bucket {
        var level: Double
        var at: ContinuousClock.Instant
    }

    private struct State {
        var buckets: [Key: Bucket] = [:]
        /// The holders of tokens by the tokens' hashes.
        var holders: [[UInt8]: Key] = [:]
    }

    /// Beyond this number, full buckets are dropped, and so are all tokens, which must be accepted anew.
    private static let room = 10_000

    private let rate: Double
    private let state = Mutex(State())

    /// - Parameter rate: Requests a second; 0: no limit.
    package init(rate: Int) {
        self.rate = Double(rate)
    }

    /// Takes one request from the bucket.
    ///
    /// - Returns: How long to wait before the next attempt, in seconds; `nil`: admitted.
    package func admit(_ key: Key, at now: ContinuousClock.Instant = .now) -> Int? {
        guard rate > 0 else { return nil }
        return state.withLock { state in
            if state.buckets.count >= Self.room {
                state.buckets = state.buckets.filter { level(of: $0.value, at: now) < rate * 2 }
            }
            var bucket = state.buckets[key] ?? Bucket(level: rate * 2, at: now)
            bucket = Bucket(level: level(of: bucket, at: now), at: now)
            defer { state.buckets[key] = bucket }
            guard bucket.level >= 1 else { return max(Int(((1 - bucket.level) / rate).rounded(.up)), 1) }
            bucket.level -= 1
            return nil
        }
    }

    /// Returns a request that ``admit(_:at:)`` took, because another bucket counts it.
    package func giveBack(_ key: Key, at now: ContinuousClock.Instant = .now) {
        guard rate > 0 else { return }
        state.withLock { state in
            guard let bucket = state.buckets[key] else { return }
            state.buckets[key] = Bucket(level: min(level(of: bucket, at: now) + 1, rate * 2), at: now)
        }
    }

    /// From now on, the token's requests count for its holder.
    package func know(_ token: [UInt8], as holder: Key) {
        state.withLock { state in
            if state.holders.count >= Self.room { state.holders = [:] }
            state.holders[token] = holder
        }
    }

    /// The token was refused: its requests count for their address again.
    package func forget(_ token: [UInt8]) {
        state.withLock { _ = $0.holders.removeValue(forKey: token) }
    }

    /// The token's holder, if the token was accepted here before; `nil`: unknown.
    package func holder(of token: [UInt8]) -> Key? {
        state.withLock { $0.holders[token] }
    }

    /// The number of buckets.
    package var size: Int { state.withLock(\.buckets.count) }

    private func level(of bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
        min(bucket.level + bucket.at.duration(to: now) / .seconds(1) * rate, rate * 2)
    }
}
