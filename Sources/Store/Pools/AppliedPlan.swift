// SPDX-License-Identifier: Apache-2.0

package import Domain

/// What a pass really wrote. It may be less than the plan: a prebuild that is being claimed is not deleted, and a preset
/// whose writes fail holds up no other.
package struct AppliedPlan: Hashable, Sendable {
    /// New prebuilds, by preset.
    package var created: [PresetID: Int] = [:]
    /// Prebuilds whose first build was taken out of the queue.
    package var canceled: [WorkspaceID] = []
    /// Prebuilds that got a delete build.
    package var deleted: [WorkspaceID] = []
    /// Presets whose status was changed.
    package var statusChanges: [PresetID] = []
    /// Notification events written.
    package var events: [EventID] = []
    /// Presets whose writes failed, with the reason; everything of theirs was rolled back.
    package var failures: [PresetID: String] = [:]
    /// For how long, from before the pass, its worker is the one that reports on the pools for the whole fleet: never two
    /// workers at a time. Zero: another worker is, or nobody.
    package var reporterLease = Duration.zero
    /// The last decision recorded; `nil`: there was nothing new.
    var lastDecision: Int64?

    package init() {}

    /// All new prebuilds.
    package var createdTotal: Int { created.values.reduce(0, +) }

    /// Whether nothing was written.
    package var isEmpty: Bool {
        created.isEmpty && deleted.isEmpty && canceled.isEmpty && statusChanges.isEmpty && events.isEmpty
    }

    mutating func merge(_ other: Self) {
        created.merge(other.created) { $0 + $1 }
        canceled += other.canceled
        deleted += other.deleted
        statusChanges += other.statusChanges
        events += other.events
        failures.merge(other.failures) { first, _ in first }
        lastDecision = other.lastDecision ?? lastDecision
    }
}
