// SPDX-License-Identifier: Apache-2.0

import Logging
import Metrics
import Prebuilds
import Store
import Telemetry

/// What a long-running process says of itself: log lines, and metrics.
struct ProcessTelemetry: Sendable {
    let logger: Logger
    let registry: MetricsRegistry
    private let pools: PoolMetrics

    /// Sets up the process's logging and metrics; once in a process.
    static func bootstrap(_ settings: Settings) -> ProcessTelemetry {
        let level = settings[.logLevel]
        let format = settings[.logFormat]
        LoggingSystem.bootstrap { LineLogHandler(label: $0, format: format, level: level) }
        let registry = MetricsRegistry()
        MetricsSystem.bootstrap(registry)
        MetricCatalogue.buildInfo.gauge(BuildInfo.version).set(1)
        return ProcessTelemetry(logger: Logger(label: "stoker"), registry: registry)
    }

    init(logger: Logger, registry: MetricsRegistry) {
        self.logger = logger
        self.registry = registry
        pools = PoolMetrics(registry: registry)
    }

    @Sendable func jobEnded(_ job: ClaimedJob, result: String, after duration: Duration) {
        MetricCatalogue.jobDuration.timer(job.type.rawValue, result, factory: registry).record(duration: duration)
        if result == "retried" { MetricCatalogue.jobRetries.counter(factory: registry).increment() }
    }

    @Sendable func attemptMade(_ delivery: LeasedDelivery, _ attempt: DeliveryAttempt) {
        MetricCatalogue.webhookDeliveries.counter(delivery.endpoint.name, attempt.status, factory: registry).increment()
        MetricCatalogue.webhookDuration.timer(factory: registry).record(duration: attempt.latency)
    }

    /// The winner of the lock exports what it saw; the others' facts go stale and disappear.
    @Sendable func passMade(_ result: PassResult, duration: Duration) {
        switch result {
        case .lockHeldElsewhere:
            MetricCatalogue.reconcilePasses.counter("held_elsewhere", factory: registry).increment()
        case .done(let plan, let applied):
            let outcome = plan.pause == nil ? (applied.failures.isEmpty ? "done" : "partly") : "paused"
            MetricCatalogue.reconcilePasses.counter(outcome, factory: registry).increment()
            MetricCatalogue.reconcileDuration.timer(factory: registry).record(duration: duration)
            for preset in plan.presets {
                guard let count = applied.created[preset.pool.presetID], count > 0 else { continue }
                let pool = preset.pool
                MetricCatalogue.prebuildsCreated
                    .counter(pool.templateName, pool.presetName, pool.organizationName, factory: registry)
                    .increment(by: Int64(count))
            }
            pools.publish(
                plan.presets.filter(\.isActive).map(PoolMetrics.Pool.init),
                paused: plan.pause != nil,
                snapshotSeconds: Double(plan.now.microseconds) / 1_000_000
            )
        }
    }
}

extension PoolMetrics.Pool {
    fileprivate init(_ plan: PresetPlan) {
        self.init(
            templateName: plan.pool.templateName,
            presetName: plan.pool.presetName,
            organizationName: plan.pool.organizationName,
            desired: plan.state.desired,
            running: plan.state.actual,
            eligible: plan.state.eligible,
            starting: plan.state.starting,
            isHardLimited: plan.status == .hardLimited,
            isInvalid: plan.status == .validationFailed
        )
    }
}
