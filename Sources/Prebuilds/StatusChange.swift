// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// The new `prebuild_status` and `prebuild_status_message` that a pass writes.
///
/// An event is written only when `from` and `to` differ; otherwise only the message has changed.
package struct StatusChange: Hashable, Sendable {
    package let from: PrebuildStatus
    package let to: PrebuildStatus
    package let message: String
    /// The failed builds that led to `hardLimited`, newest first; else empty.
    package let failedBuilds: [BuildID]
    /// How many builds led to `hardLimited`: those that failed in a row, or all that were ordered in vain; else 0.
    package let failures: Int
    /// When one build may be tried again, for `hardLimited`; `nil`: not until something is changed.
    package let trialAt: Instant?

    /// Whether it ends a hard limit.
    package var hasRecovered: Bool { from == .hardLimited && to != .hardLimited }

    package init(
        from: PrebuildStatus,
        to: PrebuildStatus,
        message: String,
        failedBuilds: [BuildID] = [],
        failures: Int? = nil,
        trialAt: Instant? = nil
    ) {
        self.from = from
        self.to = to
        self.message = message
        self.failedBuilds = failedBuilds
        self.failures = failures ?? failedBuilds.count
        self.trialAt = trialAt
    }
}
