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
}

extension PresetPlan: Encodable {
    private enum CodingKeys: String, CodingKey {
        case presetID = "preset_id"
        case presetName = "preset_name"
        case templateName = "template_name"
        case organizationName = "org_name"
        case active, status, state, actions, withheld, warnings
    }

    /// One element of `presets` in the output of `stoker plan`; `warnings` is there only when there are some.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(pool.presetID, forKey: .presetID)
        try container.encode(pool.presetName, forKey: .presetName)
        try container.encode(pool.templateName, forKey: .templateName)
        try container.encode(pool.organizationName, forKey: .organizationName)
        try container.encode(isActive, forKey: .active)
        try container.encode(status, forKey: .status)
        try container.encode(state, forKey: .state)
        try container.encode(actions, forKey: .actions)
        try container.encode(withheld, forKey: .withheld)
        if !warnings.isEmpty { try container.encode(warnings, forKey: .warnings) }
    }
}
