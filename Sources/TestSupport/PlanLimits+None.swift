// SPDX-License-Identifier: Apache-2.0

package import Prebuilds

extension PlanLimits {
    /// No back-off, no lookback, no limits.
    package static let none = Self(
        backoffInterval: .zero,
        backoffLookback: .zero,
        failureHardLimit: 0,
        maxPendingJobs: 0
    )
}
