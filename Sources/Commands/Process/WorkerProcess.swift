// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Logging
import Operations
import PostgresClient
import Provisioning
import Server
import ServiceLifecycle
import Store
import Supervision
import Telemetry
import Templates
import Worker

/// A worker process: the place where its rooms meet.
struct WorkerProcess: Sendable {
    let settings: WorkerSettings
    /// Those that the API is told of.
    let allSettings: Settings
    let poolSize: Int
    let address: DatabaseAddress
    let zones: ZoneDirectory
    let telemetry: ProcessTelemetry
    /// The endpoint of the configuration, if it names one.
    let endpoint: Endpoint?
    /// Who started this process and wants to be kept informed, such as systemd.
    let manager: ServiceManager?
    /// Lets whoever holds it look at the page of this process; `nil`: only tokens of the database do.
    let pageToken: TokenSecret?

    /// Reads and checks all of the configuration; touches nothing.
    init(
        _ settings: Settings,
        address: DatabaseAddress,
        telemetry: ProcessTelemetry,
        pageToken: TokenSecret? = nil
    ) throws {
        allSettings = settings
        self.pageToken = pageToken
        zones = ZoneDirectory()
        self.settings = try WorkerSettings(settings, zones: zones)
        self.address = address
        self.telemetry = telemetry
        poolSize = settings[.poolSize]
        manager = ServiceManager(environment: settings.environment)
        endpoint = try ConfiguredEndpoint.endpoint(
            settings,
            policy: self.settings.addressPolicy,
            codec: self.settings.codec
        )
    }

    /// Runs until a stop is asked for, or a service fails.
    ///
    /// - Parameter whenUp: Called once the worker takes jobs, while the services run; when it throws, they are shut down.
    func run(
        stop: StopRequest,
        whenUp: @escaping @Sendable (Store, HTTPAddress) async throws -> Void = { _, _ in }
    ) async throws {
        let logger = telemetry.logger
        let pool = PostgresPool(address.configuration, size: poolSize, logger: logger)
        // However busy the pool is, a lease is renewed in time.
        let lifeline = PostgresPool(address.configuration, size: 1, notifier: pool.notifier, logger: logger)
        let store = Store(pool: pool, lifeline: lifeline, observe: telemetry.poolChanged)
        let hangUp = {
            await lifeline.close()
            await pool.close()
        }
        do {
            try await prepare(store)
            try await serve(store, stop: stop, whenUp: whenUp)
        } catch let error as PostgresError where error.isConnecting {
            await hangUp()
            throw DatabaseError(cause: error, source: address.source)
        } catch {
            await hangUp()
            throw error
        }
        await hangUp()
        if stop.wasHard {
            throw CommandError("stopped by a third signal", remedy: "Its jobs are taken over by other workers.")
        }
    }

    private func prepare(_ store: Store) async throws {
        try await store.requireSchema()
        try await ConfiguredEndpoint.settle(endpoint, in: store, codec: settings.codec)
        let isolation = settings.host.isolationState
        guard isolation.isSufficient else {
            throw CommandError(
                "worker.isolation is required, and \(isolation.gaps.joined(separator: "; "))",
                remedy: "Run it where 'stoker doctor' finds nothing missing, or set worker.isolation to best_effort."
            )
        }
        for gap in isolation.gaps { telemetry.logger.warning("\(gap)") }
        // One machine alone has one address.
        if settings.publicURL == nil, pageToken == nil { telemetry.logger.warning(AccessURL.warning) }
    }

    private func serve(
        _ store: Store,
        stop: StopRequest,
        whenUp: @escaping @Sendable (Store, HTTPAddress) async throws -> Void
    ) async throws {
        let up = Whistle<HTTPAddress>()
        let client = try HTTPClient(settings.webhooks)
        let services = services(
            of: store,
            client: client,
            compressingStates: try await store.mayCompressStates(),
            up: up
        )
        let endedEarly = Whistle<Void>()
        let reports = ServiceReports(to: manager, of: services, settings.worker, logger: telemetry.logger)
        let running: [any Service] =
            // The reports come first, so that they end last.
            [reports] + services.services.map { InTurn(service: $0) { endedEarly.blow(()) } }
            + [
                WhenUp(up: up) {
                    reports.ready()
                    try await whenUp(store, $0)
                    ProcessMemory.forgetStart()
                }
            ]
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                // One that fails stops the others as a signal would: their jobs are finished or handed over.
                services: running.map { .init(service: $0, failureTerminationBehavior: .gracefullyShutdownGroup) },
                // It would log services with all that they hold.
                logger: Logger(label: "stoker", factory: { _ in SwiftLogNoOpLogHandler() })
            )
        )
        try await services.enter()
        telemetry.logger.info("worker started", metadata: startMetadata)
        await stop.attach(services.drain, group)
        let early = Task {
            if await endedEarly.heard() != nil { await group.triggerGracefulShutdown() }
        }
        defer { early.cancel() }
        try await group.run()
        telemetry.logger.info("worker stopped")
        if services.drain.isFinal, !stop.isMade {
            throw CommandError(
                "this worker's lease ended, and its jobs were given to others",
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
            // What Kubernetes must grant for a whole drain.
            "terminationGracePeriodSeconds": "\(grace.components.seconds)",
        ]
    }
}
