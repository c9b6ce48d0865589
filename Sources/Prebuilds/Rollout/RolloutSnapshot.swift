// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// A version that takes over from earlier ones, and has not ended.
package struct RolloutSnapshot: Hashable, Sendable {
    /// Whether it goes on.
    package enum Status: String, Hashable, Sendable {
        case running
        /// An operator has stopped it.
        case paused
        /// It stopped because the new version cannot be built.
        case held
    }

    package let id: RolloutID
    package let status: Status
    /// When it began, or was resumed.
    package let progressedAt: Instant
    /// Whether it takes back another roll-out, and so is never taken back itself.
    package let isRollback: Bool
    /// The presets of the new version that have predecessors; empty when all prebuilds were adopted.
    package var pools: [RolloutPool]

    package init(id: RolloutID, status: Status, progressedAt: Instant, isRollback: Bool = false, pools: [RolloutPool]) {
        self.id = id
        self.status = status
        self.progressedAt = progressedAt
        self.isRollback = isRollback
        self.pools = pools
    }
}

/// A preset of the new version, and the presets of earlier versions whose prebuilds serve its claims.
package struct RolloutPool: Hashable, Sendable {
    package let presetID: PresetID
    package let predecessors: [PresetID]
    /// The predecessor that was proven: the old pool is kept filled from it.
    package let standby: PresetID?
    /// Whether enough prebuilds of the new preset have become ready.
    package let isProven: Bool
    /// How many prebuilds of the new preset have ever become ready, counted up to ``mostCounted``.
    package let made: Int
    /// How many of them did since the roll-out began.
    package let madeSince: Int
    /// When the newest of them did.
    package let lastMadeAt: Instant?
    package let settings: RolloutSettings

    package static let mostCounted = 200

    package init(
        presetID: PresetID,
        predecessors: [PresetID],
        standby: PresetID?,
        isProven: Bool = false,
        made: Int = 0,
        madeSince: Int = 0,
        lastMadeAt: Instant? = nil,
        settings: RolloutSettings = RolloutSettings()
    ) {
        self.presetID = presetID
        self.predecessors = predecessors
        self.standby = standby
        self.isProven = isProven
        self.made = made
        self.madeSince = madeSince
        self.lastMadeAt = lastMadeAt
        self.settings = settings
    }
}

/// `prebuilds.rollout` of a preset; the defaults are those of a pushed template.
package struct RolloutSettings: Hashable, Sendable {
    /// How a new version takes over.
    package enum Strategy: String, Hashable, Sendable, CaseIterable {
        /// Step by step, beside the old one.
        case rolling
        /// The old pool is deleted first.
        case recreate
    }

    /// What happens when the new version cannot be built.
    package enum OnFailure: String, Hashable, Sendable, CaseIterable {
        /// The old pool stays and is kept filled.
        case hold
        /// The old version is promoted again.
        case rollback
    }

    package var strategy: Strategy
    /// How many hundredths of the pool are always ready, if the old version can serve.
    package var floor: Int
    /// How many prebuilds of the new version must become ready before others are built.
    package var canary: Int
    /// The longest time without a new prebuild that becomes ready, in seconds.
    package var deadlineSeconds: Int
    package var onFailure: OnFailure

    package init(
        strategy: Strategy = .rolling,
        floor: Int = 50,
        canary: Int = 1,
        deadlineSeconds: Int = 1_800,
        onFailure: OnFailure = .hold
    ) {
        self.strategy = strategy
        self.floor = floor
        self.canary = canary
        self.deadlineSeconds = deadlineSeconds
        self.onFailure = onFailure
    }
}
