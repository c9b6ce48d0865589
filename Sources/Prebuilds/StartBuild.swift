// SPDX-License-Identifier: Apache-2.0

/// A start build of a prebuild that is still the prebuild's latest: what back-off and hard limit look at.
package struct StartBuild: Hashable, Sendable {
    package let buildID: BuildID
    /// The build's `created_at`.
    package let createdAt: Instant
    /// Its job failed, and a provisioner said so. A job that waited too long, was canceled or lost its worker
    /// did not fail in this sense, and neither did one that has not ended.
    package let hasFailed: Bool
    /// Its job succeeded: the prebuild runs.
    package let hasSucceeded: Bool

    package init(buildID: BuildID, createdAt: Instant, hasFailed: Bool, hasSucceeded: Bool = false) {
        self.buildID = buildID
        self.createdAt = createdAt
        self.hasFailed = hasFailed
        self.hasSucceeded = hasSucceeded
    }
}
