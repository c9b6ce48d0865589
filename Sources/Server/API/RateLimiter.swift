// SPDX-License-Identifier: Apache-2.0

package import Operations
import Synchronization

/// A token bucket for each caller: so many requests a second, and twice as many at once.
///
/// A caller is whoever a token that has proved right here before belongs to, whichever of their tokens they use, else an
/// address: guessing tokens from one address empties that address's bucket and nobody else's, and more tokens are no more
/// requests.
package final class RateLimiter: Sendable {
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
        /// Whose a token is, by its hash.
        var holders: [[UInt8]: Key] = [:]
    }

    /// Beyond it, buckets that are full again are forgotten, and so are all tokens: each proves right anew.
    private static let room = 10_000

    private let rate: Double
    private let state = Mutex(State())

    /// - Parameter rate: Requests a second; 0: any number.
    package init(rate: Int) {
        self.rate = Double(rate)
    }

    /// Takes one request from the bucket.
    ///
    /// - Returns: How long to wait before the next attempt, in seconds; `nil`: go on.
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

    /// Puts one request back that ``admit(_:at:)`` took, since it was of somebody who is counted elsewhere.
    package func giveBack(_ key: Key, at now: ContinuousClock.Instant = .now) {
        guard rate > 0 else { return }
        state.withLock { state in
            guard let bucket = state.buckets[key] else { return }
            state.buckets[key] = Bucket(level: min(level(of: bucket, at: now) + 1, rate * 2), at: now)
        }
    }

    /// From now on the token's requests are taken from its holder's bucket.
    package func know(_ token: [UInt8], as holder: Key) {
        state.withLock { state in
            if state.holders.count >= Self.room { state.holders = [:] }
            state.holders[token] = holder
        }
    }

    /// The token has proved wrong: whoever sends it is an address again.
    package func forget(_ token: [UInt8]) {
        state.withLock { _ = $0.holders.removeValue(forKey: token) }
    }

    /// Whose the token is, as far as it has proved right here; `nil`: not known.
    package func holder(of token: [UInt8]) -> Key? {
        state.withLock { $0.holders[token] }
    }

    /// How many buckets are kept.
    package var size: Int { state.withLock(\.buckets.count) }

    private func level(of bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
        min(bucket.level + bucket.at.duration(to: now) / .seconds(1) * rate, rate * 2)
    }
}
