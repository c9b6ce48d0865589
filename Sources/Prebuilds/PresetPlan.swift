// SPDX-License-Identifier: Apache-2.0

package import Domain

/// The actions of a pass for one preset, and what it withholds and why.
package struct PresetPlan: Hashable, Sendable {
    package var pool: Pool
    package var isActive: Bool
    /// The status once the plan is applied.
    package var status: PrebuildStatus
    /// The change of the status or its message; `nil`: none.
    package var statusChange: StatusChange?
    package var state: PoolState
    /// Expired prebuilds that may go without a replacement, oldest first, when there is no room for replacements.
    package var spare: [PrebuildSnapshot]
    /// Why `state.desired` is not simply the template's number; `nil`: it is.
    package var size: PlannedSize?
    /// In the order of execution.
    package var actions: [PresetAction]
    package var withheld: [Withheld]
    /// Whether an operator has paused the template's pools or the whole fleet.
    package var isPaused: Bool
    /// The newest ended build, if it failed and still counts.
    package var failedBuild: BuildID?
    /// The back-off, also when nothing is missing.
    package var backoff: Backoff?
    /// Problems that the pass can work with, but an operator should correct.
    package var warnings: [String]

    package init(
        pool: Pool,
        isActive: Bool,
        status: PrebuildStatus = .healthy,
        statusChange: StatusChange? = nil,
        state: PoolState = PoolState(),
        spare: [PrebuildSnapshot] = [],
        size: PlannedSize? = nil,
        actions: [PresetAction] = [],
        withheld: [Withheld] = [],
        isPaused: Bool = false,
        failedBuild: BuildID? = nil,
        backoff: Backoff? = nil,
        warnings: [String] = []
    ) {
        self.pool = pool
        self.isActive = isActive
        self.status = status
        self.statusChange = statusChange
        self.state = state
        self.spare = spare
        self.size = size
        self.actions = actions
        self.withheld = withheld
        self.isPaused = isPaused
        self.failedBuild = failedBuild
        self.backoff = backoff
        self.warnings = warnings
    }

    /// Whether there is nothing to write for this preset.
    package var isEmpty: Bool {
        actions.isEmpty && statusChange == nil
    }

    /// How many prebuilds are to be created.
    package var creations: Int {
        actions.reduce(0) { total, action in
            if case .create(let count) = action { total + count } else { total }
        }
    }

    /// The prebuilds to be deleted, whatever the reason, in order.
    package var deletions: [PrebuildSnapshot] {
        actions.flatMap { action in
            if case .delete(_, let prebuilds) = action { prebuilds } else { [PrebuildSnapshot]() }
        }
    }

    /// The orders to be canceled, oldest first.
    package var cancellations: [PendingOrder] {
        actions.flatMap { action in
            if case .cancel(let orders) = action { orders } else { [PendingOrder]() }
        }
    }
}
