// SPDX-License-Identifier: Apache-2.0

/// The part of the configuration that a plan depends on; the defaults are those of `stoker.yaml`.
package struct PlanLimits: Hashable, Sendable {
    /// `prebuilds.reconciliation_backoff_interval`: how long creation waits for each recent failure.
    package var backoffInterval: Duration
    /// `prebuilds.reconciliation_backoff_lookback`: how long a failure counts as recent.
    package var backoffLookback: Duration
    /// `prebuilds.failure_hard_limit`: the number of failures in a row that stops a preset; 0 turns it off.
    package var failureHardLimit: Int
    /// `prebuilds.max_pending_jobs`: the most start jobs that may wait in the queue; 0 is no limit.
    package var maxPendingJobs: Int

    package init(
        backoffInterval: Duration = .seconds(60),
        backoffLookback: Duration = .seconds(3600),
        failureHardLimit: Int = 3,
        maxPendingJobs: Int = 0
    ) {
        self.backoffInterval = backoffInterval
        self.backoffLookback = backoffLookback
        self.failureHardLimit = failureHardLimit
        self.maxPendingJobs = maxPendingJobs
    }
}
