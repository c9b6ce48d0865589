// SPDX-License-Identifier: Apache-2.0

import Store

/// What one round trip is to bring: jobs to end, and slots to fill.
struct ClaimShare: Hashable, Sendable {
    var finishing: [HeldJob]
    var limit: Int
    /// How many of the jobs may refill pools.
    var poolLimit: Int

    /// Smaller claims cost more by themselves than two at once gain.
    private static let leastLimit = 50

    /// For two round trips at the same time: a claim keeps one of the server's processes busy, and no other. `nil`: the
    /// share is too small.
    var halves: (ClaimShare, ClaimShare)? {
        guard limit >= 2 * Self.leastLimit else { return nil }
        let half = ClaimShare(
            finishing: Array(finishing.prefix(finishing.count / 2)),
            limit: limit / 2,
            poolLimit: poolLimit / 2
        )
        let rest = ClaimShare(
            finishing: Array(finishing.dropFirst(half.finishing.count)),
            limit: limit - half.limit,
            poolLimit: poolLimit - half.poolLimit
        )
        return (half, rest)
    }
}
