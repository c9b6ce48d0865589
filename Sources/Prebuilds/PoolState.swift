// SPDX-License-Identifier: Apache-2.0

/// A pool's numbers at the moment of a plan.
package struct PoolState: Hashable, Sendable, Codable {
    /// Running prebuilds, expired ones included.
    package var actual: Int
    /// Running prebuilds that are older than their time to live or than the last invalidation.
    package var expired: Int
    /// How many there should be now; 0 when the preset is not active.
    package var desired: Int
    /// Prebuilds that can be claimed and will not be replaced; 0 when the preset is not active.
    package var eligible: Int
    /// Prebuilds, not expired, above the desired count; 0 when the preset is not active.
    package var extraneous: Int
    /// Prebuilds whose start, stop or delete is under way.
    package var starting: Int
    package var stopping: Int
    package var deleting: Int

    package init(
        actual: Int = 0,
        expired: Int = 0,
        desired: Int = 0,
        eligible: Int = 0,
        extraneous: Int = 0,
        starting: Int = 0,
        stopping: Int = 0,
        deleting: Int = 0
    ) {
        self.actual = actual
        self.expired = expired
        self.desired = desired
        self.eligible = eligible
        self.extraneous = extraneous
        self.starting = starting
        self.stopping = stopping
        self.deleting = deleting
    }

    /// How many prebuilds are missing: never more than are desired, and not changed by stopping or deleting ones.
    package var missing: Int {
        min(max(desired - (actual - expired) - starting, 0), max(desired, 0))
    }

    /// There should be prebuilds, and not one can be claimed.
    package var isDepleted: Bool {
        desired > 0 && eligible == 0
    }
}
