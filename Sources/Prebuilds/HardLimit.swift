// SPDX-License-Identifier: Apache-2.0

package import Domain

/// The hard limit: so many failures in a row that the preset stops until a reset.
package struct HardLimit: Hashable, Sendable {
    /// The failed builds, newest first; as many as the limit.
    package let failedBuilds: [BuildID]
    /// Whether the newest failed as `INVALID`, so that another one would fail too.
    package let isInvalid: Bool

    /// One that failed as `INVALID` is enough. `nil` while the limit is off (0) or at least one of that many newest builds
    /// did not fail, does not exist, or
    /// has been forgotten by a reset.
    package init?(of preset: PresetSnapshot, limits: PlanLimits) {
        let limit = limits.failureHardLimit
        let forgottenBefore = preset.failuresForgottenBefore
        if limit > 0, let invalid = preset.newestEnded, invalid.isInvalid,
            forgottenBefore.map({ invalid.createdAt >= $0 }) ?? true
        {
            (failedBuilds, isInvalid) = ([invalid.buildID], true)
            return
        }
        guard limit > 0, preset.startBuilds.count >= limit else { return nil }
        let newest = preset.startBuilds.prefix(limit)
        guard newest.allSatisfy({ build in build.hasFailed && forgottenBefore.map { build.createdAt >= $0 } ?? true })
        else { return nil }
        (failedBuilds, isInvalid) = (newest.map(\.buildID), false)
    }
}
