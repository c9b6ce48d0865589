// SPDX-License-Identifier: Apache-2.0

import Domain
import Metrics
package import Store
package import Telemetry
import Time

/// Counts the jobs that this worker claims, ends and reaps.
package struct JobMetrics: Sendable {
    private let registry: MetricsRegistry

    package init(registry: MetricsRegistry) {
        self.registry = registry
    }

    func claimed(_ jobs: [ClaimedJob]) {
        let wait = MetricCatalogue.jobQueueWait.timer(factory: registry)
        for job in jobs { wait.record(duration: max(job.startedAt - job.availableAt, .zero)) }
    }

    /// Counts an ended execution.
    package func ended(_ job: ClaimedJob, _ end: ExecutionEnd, after duration: Duration) {
        MetricCatalogue.jobDuration.timer(job.type.rawValue, end.rawValue, factory: registry).record(duration: duration)
        if end == .retried { MetricCatalogue.jobRetries.counter(factory: registry).increment() }
    }

    func reaped(_ jobs: ReapedJobs) {
        let count = jobs.requeued.count + jobs.failed.count
        if count > 0 { MetricCatalogue.jobsReaped.counter(factory: registry).increment(by: Int64(count)) }
    }
}
