// SPDX-License-Identifier: Apache-2.0

package import Domain

/// What a pass has written. It may be less than the plan: a prebuild that is being claimed is not deleted, and a preset
/// whose writes fail does not block the others.
package struct AppliedPlan: Hashable, Sendable {
    /// New prebuilds, by preset.
    package var created: [PresetID: Int] = [:]
    /// Prebuilds whose order was canceled.
    package var canceled: [WorkspaceID] = []
    /// Prebuilds that got a delete build.
    package var deleted: [WorkspaceID] = []
    /// Presets whose status was changed.
    package var statusChanges: [PresetID] = []
    /// Notification events written.
    package var events: [EventID] = []
    /// Presets whose writes failed, with the reason; everything of theirs was rolled back.
    package var failures: [PresetID: String] = [:]
    /// How long the worker reports on the pools for the whole fleet, counted from before the pass, so that two workers
    /// never report at the same time. Zero if another worker reports, or none.
    package var reporterLease = Duration.zero
    /// The last recorded decision; `nil`: there was nothing to record.
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
