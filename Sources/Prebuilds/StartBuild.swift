// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// A start build that is still the latest of its prebuild, or whose prebuild was deleted because it had failed: the input of
/// back-off and hard limit.
package struct StartBuild: Hashable, Sendable {
    package let buildID: BuildID
    /// The build's `created_at`.
    package let createdAt: Instant
    /// Its job failed, because the provisioner reported it. A job that waited too long, was canceled, lost its worker
    /// or has not ended does not count as failed.
    package let hasFailed: Bool
    /// It failed as `INVALID`: it would fail again.
    package let isInvalid: Bool
    /// Its job succeeded: the prebuild runs.
    package let hasSucceeded: Bool

    package init(
        buildID: BuildID,
        createdAt: Instant,
        hasFailed: Bool,
        isInvalid: Bool = false,
        hasSucceeded: Bool = false
    ) {
        self.buildID = buildID
        self.createdAt = createdAt
        self.hasFailed = hasFailed
        self.isInvalid = isInvalid
        self.hasSucceeded = hasSucceeded
    }
}
