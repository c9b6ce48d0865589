// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// An order: a prebuild whose first build is still in the queue.
package struct PendingOrder: Hashable, Sendable {
    package let workspaceID: WorkspaceID
    /// Its latest build. The order is canceled only while this is still the latest, and still pending.
    package let buildID: BuildID
    /// The workspace's `created_at`.
    package let createdAt: Instant
    /// Whether an execution has begun it and handed it back: something of it may exist, so a deletion must follow.
    package let hasBegun: Bool

    package init(workspaceID: WorkspaceID, buildID: BuildID, createdAt: Instant, hasBegun: Bool) {
        self.workspaceID = workspaceID
        self.buildID = buildID
        self.createdAt = createdAt
        self.hasBegun = hasBegun
    }

    static func isOlder(_ left: Self, _ right: Self) -> Bool {
        (left.createdAt, left.workspaceID) < (right.createdAt, right.workspaceID)
    }

    /// The same as a prebuild that is to be deleted.
    var prebuild: PrebuildSnapshot {
        PrebuildSnapshot(workspaceID: workspaceID, buildID: buildID, createdAt: createdAt, isEligible: false)
    }
}
