// SPDX-License-Identifier: Apache-2.0

import Logging
import Operations
import Provisioning
import Server
import ServiceLifecycle
import Store
import Supervision
import Telemetry
import Worker

/// A worker process, from its start to its end. `Composition` creates its parts.
struct WorkerProcess: Sendable {
    let settings: WorkerSettings
    let address: DatabaseAddress
    let telemetry: ProcessTelemetry
    /// A token of this process alone, for its console; `nil`: there are only the database's.
    var consoleToken: TokenSecret?

    /// Runs until a stop is requested, or a service fails.
    ///
    /// - Parameter whenUp: Called once the worker claims jobs, while the services run; when it throws, they are shut
    ///   down.
    func run(
        stop: StopRequest,
        whenUp: @escaping @Sendable (Store, HTTPAddress) async throws -> Void = { _, _ in }
    ) async throws {
        try await withStore { store in
            try await prepare(store)
            try await serve(store, stop: stop, whenUp: whenUp)
        }
        if stop.wasHard {
            throw CommandError("stopped by a third signal", remedy: "Other workers take over its jobs.")
        }
    }

    private func prepare(_ store: Store) async throws {
        try await store.requireSchema()
        try await ConfiguredEndpoint.settle(settings.endpoint, in: store, codec: settings.codec)
        let isolation = settings.host.isolationState
        guard isolation.isSufficient else {
            throw CommandError(
                "worker.isolation is required, and \(isolation.gaps.joined(separator: "; "))",
                remedy: "Run it where 'stoker doctor' finds nothing missing, or set worker.isolation to best_effort."
            )
        }
        for gap in isolation.gaps { telemetry.logger.warning("\(gap)") }
        // A single machine has a single address.
        if settings.accessURL == nil, consoleToken == nil { telemetry.logger.warning(AccessURL.warning) }
    }

    private func serve(
        _ store: Store,
        stop: StopRequest,
        whenUp: @escaping @Sendable (Store, HTTPAddress) async throws -> Void
    ) async throws {
        let up = Promise<HTTPAddress>()
        let services = try await services(of: store, up: up)
        let endedEarly = Promise<Void>()
        let reports = ServiceReports(
            // The process that started this one and wants to be informed, such as systemd.
            manager: ServiceManager(environment: settings.all.environment),
            drain: services.drain,
            capacity: settings.worker.registration.capacity,
            runningJobs: { services.runningJobs },
            logger: telemetry.logger
        )
        let running: [any Service] =
            // The reports come first, so that they end last.
            [reports] + services.services.map { InTurn(service: $0) { endedEarly.fulfill(()) } }
            + [
                WhenUp(up: up) {
                    reports.ready()
                    try await whenUp(store, $0)
                    ProcessMemory.forgetStart()
                }
            ]
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                // A failing service stops the others as a signal would: their jobs are finished or handed over.
                services: running.map { .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup) },
                // It would log whole services.
                logger: Composition.silence
            )
        )
        try await services.enter()
        telemetry.logger.info("worker started", metadata: startMetadata)
        await stop.attach(services.drain, group)
        let early = Task {
            if await endedEarly.value() != nil { await group.triggerGracefulShutdown() }
        }
        defer { early.cancel() }
        try await group.run()
        telemetry.logger.info("worker stopped")
        if services.drain.isFinal, !stop.isMade {
            throw CommandError(
                "this worker's lease ended, and other workers have its jobs",
                remedy: "Start it again."
            )
        }
    }

    private var startMetadata: Logger.Metadata {
        let worker = settings.worker
        let grace = worker.drainDeadline + worker.buildLimits.interruptGrace + .seconds(30)
        return [
            "worker.id": "\(worker.id)", "worker.name": "\(worker.registration.name)",
            "slots": "\(worker.registration.capacity)",
            // The time that Kubernetes must allow for a drain.
            "terminationGracePeriodSeconds": "\(grace.components.seconds)",
        ]
    }
}
