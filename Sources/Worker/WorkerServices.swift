// SPDX-License-Identifier: Apache-2.0

package import Basics
package import Logging
package import Operations
package import PostgresClient
import Provisioning
package import ServiceLifecycle
package import Store
package import Telemetry

/// All services of a worker process. Call ``enter()`` once before they run.
package struct WorkerServices: Sendable {
    /// In order of dependency: the last is stopped first, and deliveries outlive everything that causes events.
    package let services: [any Service]

    private let jobs: JobServices

    /// The drain that the process and its jobs share.
    package var drain: Drain { jobs.drain }

    /// How many jobs run now.
    package var runningJobs: Int { jobs.runningJobs }

    /// - Parameter listener: On a direct connection, for ``WakeUps/channels``.
    /// - Parameter middle: Services that are stopped after the jobs have ended and before the deliveries, such as the
    ///   HTTP server.
    /// - Parameter registry: The registry for the metrics of jobs, workers and the fleet.
    /// - Parameter heard: Called with every notification, for other parts of the process. Must not block.
    /// - Parameter observe: Called after every pass of the reconciler.
    /// - Parameter rest: Called when the reconciler makes no more passes, because the worker drains.
    package init(
        store: Store,
        configuration: WorkerConfiguration,
        listener: PostgresListener,
        executor: Executor,
        deliverer: (Doorbell) -> any Service,
        middle: [any Service] = [],
        registry: MetricsRegistry,
        logger: Logger,
        heard: @escaping @Sendable (ListenerEvent) -> Void = { _ in },
        observe: @escaping @Sendable (Result<PassResult, any Error>, Duration) -> Void = { _, _ in },
        rest: @escaping @Sendable () -> Void = {}
    ) {
        jobs = JobServices(
            store: store,
            configuration: configuration,
            listener: listener,
            executor: executor,
            logger: logger,
            heard: heard,
            onClaim: { JobMetrics(registry: registry).claimed($0) }
        )
        registry.gather("worker", jobs.gauges)
        let reaper = Reaper(
            work: Reaper.Work(
                uptime: store.serverUptime,
                reap: store.reapLostWorkers,
                expire: { try await store.expirePendingJobs(after: configuration.pendingTimeout) }
            ),
            interval: configuration.heartbeatInterval,
            lease: configuration.registration.leaseDuration,
            logger: logger,
            observe: { JobMetrics(registry: registry).reaped($0) }
        )
        let retention = Retention(logger: logger) { kind, batch in
            try await store.prune(kind, olderThan: configuration.retention, batch: batch)
        }
        let replays = SizingReplays(store: store, limits: configuration.limits, logger: logger)
        let reporter = FleetReporter(
            store: store,
            worker: configuration.id,
            registry: registry,
            hitsAreFinal: configuration.replacementPolicy == .warn,
            // It may export as long as its lease runs, and exports again before then.
            interval: min(.seconds(20), configuration.registration.leaseDuration / 3),
            logger: logger
        )
        let historian = PoolHistorian(store: store, logger: logger)
        let reconciler = Reconciler(
            store: store,
            worker: configuration.id,
            interval: configuration.reconciliationInterval,
            limits: configuration.limits,
            bell: jobs.wakeUps.reconcile,
            changedPools: jobs.wakeUps.changedPools,
            drain: jobs.drain,
            logger: logger,
            observe: {
                historian.note($0)
                observe($0, $1)
            },
            rest: {
                reporter.rest()
                rest()
            }
        )
        services =
            [jobs.wakeUps, deliverer(jobs.wakeUps.events)] + middle
            + [
                jobs.lease, jobs.spoolRecovery, jobs.runner, reporter, replays, retention, reaper, historian,
                reconciler,
            ]
    }

    /// Registers the worker; its lease begins now. States that its predecessors left in the spool are stored before it
    /// claims jobs.
    package func enter() async throws {
        // The leftovers come first, however long they take: the lease is not renewed before the services run.
        await jobs.spoolRecovery.recover()
        try await jobs.enter()
    }
}
