// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// The actions of one pass: a pure function of a snapshot and a moment.
package struct Plan: Hashable, Sendable {
    /// The moment the plan is for.
    package var now: Instant
    /// The pause in force at that moment. While there is one, the plan has states and reasons but no actions.
    package var pause: FleetPause?
    /// One for each preset of the snapshot, in its order, but for ``undecided`` ones.
    package var presets: [PresetPlan]
    /// Whether it is for all pools.
    package var isWhole: Bool
    /// Presets that a limit may concern that pools share, so that only a plan for all pools can decide about them. A
    /// whole plan has none.
    package var undecided: Set<PresetID>
    /// The next moment within an hour at which a schedule changes a desired count; `nil`: none does.
    package var nextScheduleEdge: Instant?
    /// The next moment at which a prebuild expires, or its replacement is due; `nil`: none does.
    package var nextExpiry: Instant?
    /// Presets that are left out because their rows cannot be read.
    package var unreadable: [UnreadablePreset]
    /// Prebuilds that belong to no preset; `nil`: none.
    package var orphans: OrphanedPrebuilds?
    /// What pools that size themselves have learned.
    package var learned: [LearnedSizing]
    /// What such pools choose, with all parts.
    package var targets: [PresetID: PoolTarget]

    package init(
        now: Instant,
        pause: FleetPause? = nil,
        presets: [PresetPlan],
        isWhole: Bool = true,
        undecided: Set<PresetID> = [],
        nextScheduleEdge: Instant? = nil,
        nextExpiry: Instant? = nil,
        unreadable: [UnreadablePreset] = [],
        orphans: OrphanedPrebuilds? = nil,
        learned: [LearnedSizing] = [],
        targets: [PresetID: PoolTarget] = [:]
    ) {
        self.learned = learned
        self.targets = targets
        self.unreadable = unreadable
        self.orphans = orphans
        self.now = now
        self.pause = pause
        self.presets = presets
        self.isWhole = isWhole
        self.undecided = undecided
        self.nextScheduleEdge = nextScheduleEdge
        self.nextExpiry = nextExpiry
    }

    /// Whether it withholds prebuilds because of a limit that pools share. Then what one pool gives up, another may get.
    package var isLimited: Bool {
        presets.contains { preset in preset.withheld.contains { $0.reason == .capped || $0.reason == .quota } }
    }

    /// The failed builds that the presets' health refers to.
    package var failedBuilds: [BuildID] { presets.compactMap(\.failedBuild) }
}
