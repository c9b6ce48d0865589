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
    /// `prebuilds.hard_limit_retry`: how long after a hard limit one build is tried; 0 is never.
    package var firstTrial: Duration
    /// `prebuilds.hard_limit_retry_most`: the longest time between two of them.
    package var longestTrial: Duration
    /// `prebuilds.keep_failed`: how many failed prebuilds of a preset are kept as evidence.
    package var keepFailed: Int
    /// `prebuilds.keep_failed_for`: for how long they are.
    package var keepFailedFor: Duration

    package init(
        backoffInterval: Duration = .seconds(60),
        backoffLookback: Duration = .seconds(3600),
        failureHardLimit: Int = 3,
        maxPendingJobs: Int = 0,
        firstTrial: Duration = .seconds(900),
        longestTrial: Duration = .seconds(21_600),
        keepFailed: Int = 2,
        keepFailedFor: Duration = .seconds(86_400)
    ) {
        self.backoffInterval = backoffInterval
        self.backoffLookback = backoffLookback
        self.failureHardLimit = failureHardLimit
        self.maxPendingJobs = maxPendingJobs
        self.firstTrial = firstTrial
        self.longestTrial = longestTrial
        self.keepFailed = keepFailed
        self.keepFailedFor = keepFailedFor
    }
}
