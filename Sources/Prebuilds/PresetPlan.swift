// SPDX-License-Identifier: Apache-2.0

/// What a pass does for one preset, what it does not do, and why.
package struct PresetPlan: Hashable, Sendable {
    package var pool: Pool
    package var isActive: Bool
    /// The status once the plan is applied.
    package var status: PrebuildStatus
    /// What to write when the status or its message changes; `nil`: nothing.
    package var statusChange: StatusChange?
    package var state: PoolState
    /// In the order in which they are to be made.
    package var actions: [PresetAction]
    package var withheld: [Withheld]
    /// An operator holds the template's pools or the whole fleet still.
    package var isPaused: Bool
    /// The newest build that has ended, when it failed and that still counts.
    package var failedBuild: BuildID?
    /// The wait imposed by recent failures, also when nothing is missing.
    package var backoff: Backoff?
    /// What an operator should mend although the pass can work with it.
    package var warnings: [String]

    package init(
        pool: Pool,
        isActive: Bool,
        status: PrebuildStatus = .healthy,
        statusChange: StatusChange? = nil,
        state: PoolState = PoolState(),
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
        self.actions = actions
        self.withheld = withheld
        self.isPaused = isPaused
        self.failedBuild = failedBuild
        self.backoff = backoff
        self.warnings = warnings
    }

    /// Nothing is to be written for this preset.
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

    /// The orders to be taken out of the queue, oldest first.
    package var cancellations: [PendingOrder] {
        actions.flatMap { action in
            if case .cancel(let orders) = action { orders } else { [PendingOrder]() }
        }
    }
}
