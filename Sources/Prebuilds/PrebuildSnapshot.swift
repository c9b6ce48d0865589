// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// A running prebuild.
package struct PrebuildSnapshot: Hashable, Sendable {
    package let workspaceID: WorkspaceID
    /// Its latest build. A deletion happens only while this is still the latest.
    package let buildID: BuildID
    /// The workspace's `created_at`.
    package let createdAt: Instant
    /// Every agent of the latest build is ready, or the version declares none.
    package let isEligible: Bool

    package init(workspaceID: WorkspaceID, buildID: BuildID, createdAt: Instant, isEligible: Bool) {
        self.workspaceID = workspaceID
        self.buildID = buildID
        self.createdAt = createdAt
        self.isEligible = isEligible
    }

    /// The order of deletions: oldest first, by identifier at the same age.
    static func isOlder(_ left: Self, _ right: Self) -> Bool {
        (left.createdAt, left.workspaceID) < (right.createdAt, right.workspaceID)
    }
}
