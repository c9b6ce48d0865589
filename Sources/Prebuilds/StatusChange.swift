// SPDX-License-Identifier: Apache-2.0

/// What a pass writes into a preset's `prebuild_status` and `prebuild_status_message`.
///
/// An event is due only when `from` and `to` differ; otherwise the message alone has changed.
package struct StatusChange: Hashable, Sendable {
    package let from: PrebuildStatus
    package let to: PrebuildStatus
    package let message: String
    /// The failed builds that led to `hardLimited`, newest first; else empty.
    package let failedBuilds: [BuildID]

    package init(from: PrebuildStatus, to: PrebuildStatus, message: String, failedBuilds: [BuildID] = []) {
        self.from = from
        self.to = to
        self.message = message
        self.failedBuilds = failedBuilds
    }
}
