// SPDX-License-Identifier: Apache-2.0

package import Logging
package import PostgresClient
import Prebuilds
package import ServiceLifecycle
package import Store
import Synchronization

/// Everything that runs in a worker process, put together. Call ``enter()`` once before the services run.
package struct WorkerServices: Sendable {
    package let drain = Drain()
    /// In order of dependency: the last is stopped first, and deliveries outlive everything that causes them.
    package let services: [any Service]
    /// Of these, what claims and runs jobs, and nothing else: for measurements.
    package let jobServices: [any Service]

    private let store: Store
    private let registration: WorkerRegistration

    /// - Parameter listener: On a direct connection, for ``WakeUps/channels``.
    /// - Parameter middle: Services that are stopped after the jobs have ended and before the deliveries, such as the
    ///   HTTP server.
    /// - Parameter observe: Called after every pass of the reconciler.
    /// - Parameter onClaim: Called with jobs as soon as they are claimed.
    package init(
        store: Store,
        configuration: WorkerConfiguration,
        listener: PostgresListener,
        executor: Executor,
        deliverer: (Doorbell) -> any Service,
        middle: [any Service] = [],
        logger: Logger,
        observe: @escaping @Sendable (PassResult, Duration) -> Void = { _, _ in },
        onClaim: @escaping @Sendable ([ClaimedJob]) -> Void = { _ in }
    ) {
        self.store = store
        registration = configuration.registration
        let wakeUps = WakeUps(listener: listener)
        let executions = ExecutionRegistry(leaseUntil: .now + configuration.registration.leaseDuration)
        let maintenance = Flag()
        let lease = Lease(
            store: store,
            configuration: configuration,
            executions: executions,
            drain: drain,
            orders: wakeUps.orders,
            onMaintenance: { [bell = wakeUps.jobs] in if maintenance.set($0) { bell.ring() } },
            logger: logger
        )
        let runner = JobRunner(
            store: store,
            configuration: configuration,
            executor: executor,
            executions: executions,
            drain: drain,
            bell: wakeUps.jobs,
            inMaintenance: { maintenance.isSet },
            onClaim: onClaim,
            logger: logger
        )
        let reaper = Reaper(
            store: store,
            interval: configuration.heartbeatInterval,
            lease: configuration.registration.leaseDuration,
            logger: logger
        )
        let reconciler = Reconciler(
            store: store,
            worker: configuration.id,
            interval: configuration.reconciliationInterval,
            limits: configuration.limits,
            bell: wakeUps.reconcile,
            drain: drain,
            logger: logger,
            observe: observe
        )
        jobServices = [wakeUps, lease, runner]
        services = [wakeUps, deliverer(wakeUps.events)] + middle + [lease, runner, reaper, reconciler]
    }

    /// Registers the worker; its lease runs from now.
    package func enter() async throws {
        try await store.register(registration)
    }
}

/// A fact that one service learns and others ask for.
private final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }

    /// Returns whether this changed it.
    func set(_ new: Bool) -> Bool {
        value.withLock { value in
            defer { value = new }
            return value != new
        }
    }
}
