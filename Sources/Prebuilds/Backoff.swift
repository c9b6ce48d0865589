// SPDX-License-Identifier: Apache-2.0

package import Time

/// The back-off of a preset after recent failures.
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

    /// The wait in force at `now`, or `nil` when there is none.
    ///
    /// A recent failure among the newest builds starts it: as many builds as the preset's `desiredInstances`, but at
    /// least one, because a preset may want prebuilds by schedule only. Every recent failure lengthens it by one
    /// interval. A failure is recent when its build was created within the lookback and has not been forgotten by a
    /// reset. With an interval of zero, the preset still waits at the very moment of the failed build.
    package init?(of preset: PresetSnapshot, now: Instant, limits: PlanLimits) {
        let lookback = now - limits.backoffLookback
        let since = preset.failuresForgottenBefore.map { max($0, lookback) } ?? lookback
        let newest = preset.startBuilds.prefix(max(preset.desiredInstances, 1))
        guard let last = newest.first(where: { $0.hasFailed && $0.createdAt >= since }) else { return nil }
        let failures = max(preset.recentFailures, 1)
        let until = last.createdAt + limits.backoffInterval * failures
        guard now <= until else { return nil }
        self.init(failures: failures, lastBuildAt: last.createdAt, until: until)
    }
}
