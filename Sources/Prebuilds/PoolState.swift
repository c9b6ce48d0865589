// SPDX-License-Identifier: Apache-2.0

/// A pool's counts at the moment of a plan.
package struct PoolState: Hashable, Sendable, Codable {
    /// Running prebuilds, expired ones included.
    package var actual: Int
    /// Running prebuilds that are older than their time to live or than the last invalidation.
    package var expired: Int
    /// Running prebuilds that expire soon, so that their replacements are built already.
    package var aging: Int
    /// The desired count; 0 when the preset is not active.
    package var desired: Int
    /// Claims that wait for the preset's next prebuild: each wants one more; 0 when the preset is not active.
    package var waiting: Int
    /// Prebuilds that can be claimed; 0 when the preset is not active.
    package var eligible: Int
    /// Ready prebuilds of earlier versions that serve the pool's claims, during a roll-out.
    package var previous: Int
    /// Prebuilds that are not expired and above what is desired and waited for; 0 when the preset is not active.
    package var extraneous: Int
    /// Prebuilds whose start, stop or delete is in progress.
    package var starting: Int
    package var stopping: Int
    package var deleting: Int
    /// Prebuilds whose latest build failed, or was canceled. No pass touches them; their resources may exist.
    package var failed: Int
    package var canceled: Int

    package init(
        actual: Int = 0,
        expired: Int = 0,
        aging: Int = 0,
        desired: Int = 0,
        waiting: Int = 0,
        eligible: Int = 0,
        previous: Int = 0,
        extraneous: Int = 0,
        starting: Int = 0,
        stopping: Int = 0,
        deleting: Int = 0,
        failed: Int = 0,
        canceled: Int = 0
    ) {
        self.actual = actual
        self.expired = expired
        self.aging = aging
        self.desired = desired
        self.waiting = waiting
        self.eligible = eligible
        self.previous = previous
        self.extraneous = extraneous
        self.starting = starting
        self.stopping = stopping
        self.deleting = deleting
        self.failed = failed
        self.canceled = canceled
    }

    /// Plans of an earlier release lack the members for what was not counted then.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            actual: try container.decode(Int.self, forKey: .actual),
            expired: try container.decode(Int.self, forKey: .expired),
            aging: try container.decodeIfPresent(Int.self, forKey: .aging) ?? 0,
            desired: try container.decode(Int.self, forKey: .desired),
            waiting: try container.decodeIfPresent(Int.self, forKey: .waiting) ?? 0,
            eligible: try container.decode(Int.self, forKey: .eligible),
            previous: try container.decodeIfPresent(Int.self, forKey: .previous) ?? 0,
            extraneous: try container.decode(Int.self, forKey: .extraneous),
            starting: try container.decode(Int.self, forKey: .starting),
            stopping: try container.decode(Int.self, forKey: .stopping),
            deleting: try container.decode(Int.self, forKey: .deleting),
            failed: try container.decodeIfPresent(Int.self, forKey: .failed) ?? 0,
            canceled: try container.decodeIfPresent(Int.self, forKey: .canceled) ?? 0
        )
    }

    /// What the pool should have now: what is desired for later claims, and one for each claim that waits.
    package var wanted: Int { max(desired, 0) + waiting }

    /// How many prebuilds are missing: never more than are wanted, and not changed by stopping or deleting ones.
    package var missing: Int {
        min(max(wanted - (actual - expired - aging) - starting, 0), wanted)
    }

    /// Whether prebuilds are desired and none can be claimed.
    package var isDepleted: Bool {
        desired > 0 && eligible + previous == 0
    }
}
