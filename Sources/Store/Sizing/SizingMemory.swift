// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import Synchronization

/// The weekly patterns of pools, which a process keeps from pass to pass: they are large and change four times an hour.
package final class SizingMemory: Sendable {
    private struct Known {
        let revision: Int64
        let season: Season
    }

    private let known = Mutex<[PoolKey: Known]>([:])

    package init() {}

    /// `nil` unless it is known as of that revision.
    func season(of pool: PoolKey, revision: Int64) -> Season? {
        known.withLock { known in known[pool].flatMap { $0.revision == revision ? $0.season : nil } }
    }

    func remember(_ season: Season, of pool: PoolKey, revision: Int64) {
        known.withLock { $0[pool] = Known(revision: revision, season: season) }
    }

    /// Forgets the other pools.
    func keep(_ pools: Set<PoolKey>) {
        known.withLock { known in
            if known.count > pools.count { known = known.filter { pools.contains($0.key) } }
        }
    }
}
