// SPDX-License-Identifier: Apache-2.0

import Basics
package import Logging
package import PostgresClient
package import ServiceLifecycle
package import Store
package import Telemetry

/// The services that claim and execute jobs: wake-ups, lease and job runner of one worker.
package struct JobServices: Sendable {
    package let drain = Drain()
    let wakeUps: WakeUps
    let lease: any Service
    let runner: any Service
    /// The running executions and the lease.
    let executions: ExecutionRegistry
    let spoolRecovery: SpoolRecovery
    private let store: Store
    private let registration: WorkerRegistration

    /// How many jobs run now.
    package var runningJobs: Int { executions.count }

    /// In order of dependency.
    package var services: [any Service] { [wakeUps, lease, runner] }

    /// - Parameter listener: On a direct connection, for ``WakeUps/channels``.
    /// - Parameter heard: Called with every notification, for other parts of the process. Must not block.
    /// - Parameter onClaim: Called with jobs as soon as they are claimed.
    package init(
        store: Store,
        configuration: WorkerConfiguration,
        listener: PostgresListener,
        executor: Executor,
        logger: Logger,
        heard: @escaping @Sendable (ListenerEvent) -> Void = { _ in },
        onClaim: @escaping @Sendable ([ClaimedJob]) -> Void = { _ in }
    ) {
        self.store = store
        registration = configuration.registration
        wakeUps = WakeUps(listener: listener, worker: configuration.id, heard: heard)
        executions = ExecutionRegistry(leaseUntil: .now + configuration.registration.leaseDuration)
        spoolRecovery = SpoolRecovery(
            store: store,
            configuration: configuration,
            executor: executor,
            executions: executions,
            logger: logger
        )
        lease = Lease(
            store: store,
            configuration: configuration,
            executions: executions,
            drain: drain,
            commands: wakeUps.commands,
            logger: logger
        )
        runner = JobRunner(
            store: store,
            configuration: configuration,
            executor: executor,
            executions: executions,
            spoolRecovery: spoolRecovery,
            drain: drain,
            bell: wakeUps.jobs,
            ended: wakeUps.commands,
            hint: wakeUps.queueHint,
            onClaim: onClaim,
            logger: logger
        )
    }

    /// The slots and the lease at this moment.
    package func gauges() -> [GaugeSample] {
        let busy = executions.count
        let remaining = ContinuousClock.now.duration(to: executions.leaseUntil)
        return [
            GaugeSample(MetricCatalogue.workerSlots, ["busy"], Double(busy)),
            GaugeSample(MetricCatalogue.workerSlots, ["free"], Double(max(registration.capacity - busy, 0))),
            GaugeSample(MetricCatalogue.leaseRemaining, [], max(remaining / .seconds(1), 0)),
            GaugeSample(MetricCatalogue.leaseDuration, [], registration.leaseDuration / .seconds(1)),
        ]
    }

    /// Registers the worker; its lease runs from now. Call it once, before the services run.
    package func enter() async throws {
        try await store.register(registration)
    }
}
