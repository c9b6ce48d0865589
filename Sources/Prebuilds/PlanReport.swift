// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// A plan for people and programs: the output of `stoker plan`.
package struct PlanReport: Hashable, Sendable, Codable {
    package let now: Instant
    package let paused: Bool
    /// Details of a pause; only during one.
    package let pause: FleetPause?
    package let presets: [Preset]
    /// Presets that are left out because their rows cannot be read; only when there are some.
    package let unreadable: [UnreadablePreset]?
    /// Prebuilds that belong to no pool; only when there are some.
    package let orphaned: OrphanedPrebuilds?

    /// - Parameter failures: Of the plan's ``Plan/failedBuilds``, as far as they are known.
    package init(_ plan: Plan, failures: [BuildID: PoolFailure] = [:]) {
        unreadable = plan.unreadable.isEmpty ? nil : plan.unreadable
        orphaned = plan.orphans
        now = plan.now
        paused = plan.pause != nil
        pause = plan.pause
        presets = plan.presets.map { preset in
            Preset(
                preset,
                lastFailure: preset.failedBuild.flatMap { failures[$0] },
                target: plan.targets[preset.pool.presetID]
            )
        }
    }
}

extension PlanReport {
    /// One preset's counts, its actions, and what is withheld and why.
    package struct Preset: Hashable, Sendable, Codable {
        package let presetID: PresetID
        package let presetName: String
        package let templateName: String
        package let organizationName: String
        package let active: Bool
        package let status: PrebuildStatus
        package let health: PoolHealth
        /// Only while the newest build that has ended is a failed one.
        package let lastFailure: PoolFailure?
        package let state: PoolState
        /// Only with an override or autoscaling.
        package let size: PlannedSize?
        /// What a pool that sizes itself chooses, with all parts.
        package let target: PoolTarget?
        package let actions: [Action]
        package let withheld: [Withheld]
        /// Only when there are some.
        package let warnings: [String]?

        private enum CodingKeys: String, CodingKey {
            case active, status, health, state, size, target, actions, withheld, warnings
            case lastFailure = "last_failure"
            case presetID = "preset_id"
            case presetName = "preset_name"
            case templateName = "template_name"
            case organizationName = "org_name"
        }

        package init(_ preset: PresetPlan, lastFailure: PoolFailure? = nil, target: PoolTarget? = nil) {
            presetID = preset.pool.presetID
            presetName = preset.pool.presetName
            templateName = preset.pool.templateName
            organizationName = preset.pool.organizationName
            active = preset.isActive
            status = preset.status
            health = preset.health
            self.lastFailure = lastFailure
            state = preset.state
            size = preset.size
            self.target = target
            actions = preset.actions.map(Action.init)
            withheld = preset.withheld
            warnings = preset.warnings.isEmpty ? nil : preset.warnings
        }
    }

    /// A change that the pass makes: `create` with a count, `delete` with a reason and the workspaces, or `cancel` with the
    /// workspaces that are not to be built.
    package struct Action: Hashable, Sendable, Codable {
        package let type: String
        package let count: Int?
        package let reason: DeleteReason?
        package let workspaceIDs: [WorkspaceID]?

        private enum CodingKeys: String, CodingKey {
            case type, count, reason
            case workspaceIDs = "workspace_ids"
        }

        package init(_ action: PresetAction) {
            switch action {
            case .create(let count): (type, self.count, reason, workspaceIDs) = ("create", count, nil, nil)
            case .delete(let reason, let prebuilds):
                (type, count, self.reason, workspaceIDs) = ("delete", nil, reason, prebuilds.map(\.workspaceID))
            case .cancel(let orders):
                (type, count, reason, workspaceIDs) = ("cancel", nil, nil, orders.map(\.workspaceID))
            }
        }
    }
}
