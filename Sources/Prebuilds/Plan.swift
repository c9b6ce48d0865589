// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// The actions of one pass: a pure function of a snapshot and a moment.
package struct Plan: Hashable, Sendable {
    /// The moment the plan is for.
    package var now: Instant
    /// The pause in force at that moment. While there is one, the plan has states and reasons but no actions.
    package var pause: FleetPause?
    /// One for each preset of the snapshot, in its order.
    package var presets: [PresetPlan]
    /// The next moment within an hour at which a schedule changes a desired count; `nil`: none does.
    package var nextScheduleEdge: Instant?
    /// Presets that are left out because their rows cannot be read.
    package var unreadable: [UnreadablePreset]
    /// Prebuilds that belong to no preset; `nil`: none.
    package var orphans: OrphanedPrebuilds?

    package init(
        now: Instant,
        pause: FleetPause? = nil,
        presets: [PresetPlan],
        nextScheduleEdge: Instant? = nil,
        unreadable: [UnreadablePreset] = [],
        orphans: OrphanedPrebuilds? = nil
    ) {
        self.unreadable = unreadable
        self.orphans = orphans
        self.now = now
        self.pause = pause
        self.presets = presets
        self.nextScheduleEdge = nextScheduleEdge
    }

    /// The failed builds that the presets' health refers to.
    package var failedBuilds: [BuildID] { presets.compactMap(\.failedBuild) }
}
