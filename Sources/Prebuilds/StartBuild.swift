// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// A start build that is still the latest of its prebuild: the input of back-off and hard limit.
package struct StartBuild: Hashable, Sendable {
    package let buildID: BuildID
    /// The build's `created_at`.
    package let createdAt: Instant
    /// Its job failed, because the provisioner reported it. A job that waited too long, was canceled, lost its worker
    /// or has not ended does not count as failed.
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
