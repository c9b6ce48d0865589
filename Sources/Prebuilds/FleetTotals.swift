// SPDX-License-Identifier: Apache-2.0

package import Domain

/// What all pools together have of that for which there are limits, beside a snapshot of some pools. It may be more than
/// the planner counts of a whole snapshot, and never less: except that what is beyond a limit is not counted to its end.
package struct FleetTotals: Hashable, Sendable {
    /// Pending start jobs of prebuilds; what `PlanLimits.maxPendingJobs` bounds.
    package var pendingJobs: Int
    /// Prebuilds by organization, of those that have a quota and a preset in the snapshot.
    package var prebuilds: [OrganizationID: Int]

    package init(pendingJobs: Int = 0, prebuilds: [OrganizationID: Int] = [:]) {
        self.pendingJobs = pendingJobs
        self.prebuilds = prebuilds
    }
}
