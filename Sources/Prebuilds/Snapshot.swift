// SPDX-License-Identifier: Apache-2.0

package import Domain

/// The input of a plan: what one statement saw at one moment.
package struct Snapshot: Hashable, Sendable {
    /// Every preset that has prebuilds configured and is active or still owns prebuilds; only some when there are
    /// ``totals``.
    package var presets: [PresetSnapshot]
    /// The pause set by an operator, if any, ended ones included: the plan compares its end with its own time.
    package var pause: FleetPause?
    /// Pending start jobs of prebuilds in the whole fleet; what `PlanLimits.maxPendingJobs` bounds.
    package var pendingJobs: Int
    /// What all pools have, for a snapshot of some; `nil`: it is of all.
    package var totals: FleetTotals?
    /// The most prebuilds each organization may hold; an organization without an entry has no limit.
    package var prebuildQuotas: [OrganizationID: Int]
    /// Roll-outs that have not ended; none in a snapshot of some pools.
    package var rollouts: [RolloutSnapshot]
    /// Presets that should be among ``presets`` and whose rows cannot be read.
    package var unreadable: [UnreadablePreset]
    /// Prebuilds that belong to no preset; `nil`: none.
    package var orphans: OrphanedPrebuilds?

    package init(
        presets: [PresetSnapshot],
        pause: FleetPause? = nil,
        pendingJobs: Int = 0,
        totals: FleetTotals? = nil,
        prebuildQuotas: [OrganizationID: Int] = [:],
        rollouts: [RolloutSnapshot] = [],
        unreadable: [UnreadablePreset] = [],
        orphans: OrphanedPrebuilds? = nil
    ) {
        self.presets = presets
        self.rollouts = rollouts
        self.unreadable = unreadable
        self.orphans = orphans
        self.pause = pause
        self.pendingJobs = pendingJobs
        self.totals = totals
        self.prebuildQuotas = prebuildQuotas
    }

    /// The time zones whose rules a plan of this snapshot needs.
    package var timeZones: Set<String> {
        Set(presets.lazy.filter { $0.isActive && !$0.schedules.isEmpty && !$0.timeZone.isEmpty }.map(\.timeZone))
    }
}
