// SPDX-License-Identifier: Apache-2.0

import Domain
package import Time

/// A prebuild that this program ordered and whose build failed: evidence for the operator, for a while.
package struct FailedPrebuild: Hashable, Sendable {
    /// What is deleted when it is evidence no more.
    package let prebuild: PrebuildSnapshot
    /// When its build failed.
    package let failedAt: Instant

    package init(prebuild: PrebuildSnapshot, failedAt: Instant) {
        self.prebuild = prebuild
        self.failedAt = failedAt
    }
}

extension PresetSnapshot {
    /// The failed prebuilds that are to be deleted, oldest first: all but the newest few, and those after a while.
    func outlivedEvidence(now: Instant, limits: PlanLimits) -> [PrebuildSnapshot] {
        let newestFirst = evidence.sorted {
            ($1.failedAt, $1.prebuild.workspaceID) < ($0.failedAt, $0.prebuild.workspaceID)
        }
        return newestFirst.enumerated().filter { index, failed in
            index >= limits.keepFailed || failed.failedAt + limits.keepFailedFor <= now
        }.map(\.element.prebuild).sorted(by: PrebuildSnapshot.isOlder)
    }
}
