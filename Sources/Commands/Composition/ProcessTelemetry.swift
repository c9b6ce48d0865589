// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import Metrics
import PostgresClient
import Store
import Supervision
import Telemetry
import Worker

/// The log and the metrics of a long-running process.
struct ProcessTelemetry: Sendable {
    let logger: Logger
    let registry: MetricsRegistry
    /// The metrics of the reconciler's passes.
    let passes: PassMetrics

    /// Sets up the process's logging and metrics; once in a process.
    static func bootstrap(_ settings: Settings) throws(SettingsError) -> ProcessTelemetry {
        let (level, format) = (try settings[\.logLevel], try settings[\.logFormat])
        LoggingSystem.bootstrap { LineLogHandler(label: $0, format: format, level: level) }
        let registry = MetricsRegistry()
        MetricsSystem.bootstrap(registry)
        MetricCatalogue.buildInfo.gauge(BuildInfo.version).set(1)
        registry.gather("process") { ProcessUsage.now?.samples ?? [] }
        return ProcessTelemetry(logger: Logger(label: "stoker"), registry: registry)
    }

    init(logger: Logger, registry: MetricsRegistry) {
        self.logger = logger
        self.registry = registry
        passes = PassMetrics(registry: registry)
    }

    /// Exports the pool's connections from now on.
    func watch(_ pool: PostgresPool) {
        registry.gather("database") {
            let counts = pool.counts
            return [("idle", counts.idle), ("used", counts.leased), ("awaited", counts.waiting)].map {
                GaugeSample(MetricCatalogue.connections, [$0.0], Double($0.1))
            }
        }
    }

    @Sendable func jobEnded(_ job: ClaimedJob, end: ExecutionEnd, after duration: Duration) {
        JobMetrics(registry: registry).ended(job, end, after: duration)
    }

    @Sendable func replaced(in pool: PoolName) {
        MetricCatalogue.resourceReplacements
            .counter(pool.template, pool.preset, pool.organization, factory: registry).increment()
    }

    @Sendable func poolChanged(_ change: PoolChange) {
        switch change {
        case .refilled(let duration):
            MetricCatalogue.refillDuration.timer(factory: registry).record(duration: duration)
        case .failed(let pool):
            MetricCatalogue.prebuildsFailed
                .counter(pool.template, pool.preset, pool.organization, factory: registry).increment()
        }
    }

    @Sendable func attemptMade(_ attempt: DeliveryAttempt) {
        MetricCatalogue.webhookDeliveries
            .counter(attempt.delivery.endpoint.name, attempt.outcome.status.rawValue, factory: registry).increment()
        MetricCatalogue.webhookDuration.timer(factory: registry).record(duration: attempt.latency)
    }
}

extension ProcessUsage {
    /// The names are those of Prometheus' own client libraries.
    var samples: [GaugeSample] {
        let limit = fileLimit.map { [GaugeSample(MetricCatalogue.processFileLimit, [], Double($0))] } ?? []
        return limit + [
            GaugeSample(MetricCatalogue.processCPU, [], cpuSeconds),
            GaugeSample(MetricCatalogue.processMemory, [], Double(residentBytes)),
            GaugeSample(MetricCatalogue.processVirtualMemory, [], Double(virtualBytes)),
            GaugeSample(MetricCatalogue.processOpenFiles, [], Double(openFiles)),
            GaugeSample(MetricCatalogue.processStart, [], startSeconds),
            GaugeSample(MetricCatalogue.processThreads, [], Double(threads)),
        ]
    }
}
