// SPDX-License-Identifier: Apache-2.0

/// The wait that recent failures impose on a preset.
package struct Backoff: Hashable, Sendable {
    /// All recent failures, which lengthen the wait.
    package let failures: Int
    /// When the newest failure was created, from which the wait counts.
    package let lastBuildAt: Instant
    /// The last moment at which nothing is created.
    package let until: Instant

    package init(failures: Int, lastBuildAt: Instant, until: Instant) {
        self.failures = failures
        self.lastBuildAt = lastBuildAt
        self.until = until
    }
}
