// SPDX-License-Identifier: Apache-2.0

import Basics
import CurlClient
import Domain
import Logging
import Operations
import PostgresClient
import Provisioning
import Server
import ServiceLifecycle
import Store
import Telemetry
import Worker

extension WorkerProcess {
    /// Performs the body with the sessions of a worker.
    func withStore(_ body: (Store) async throws -> Void) async throws {
        let logger = telemetry.logger
        let pool = PostgresPool(address.configuration, size: try settings.all[\.poolSize], logger: logger)
        // A session of its own, so that a busy pool does not delay the renewal of the lease.
        let lifeline = PostgresPool(address.configuration, size: 1, notifier: pool.notifier, logger: logger)
        try await withCleanup {
            await lifeline.close()
            await pool.close()
        } after: {
            try await address.named {
                try await body(Store(pool: pool, lifeline: lifeline, observe: telemetry.poolChanged))
            }
        }
    }

    /// Constructs and connects all services of the process.
    ///
    /// - Parameter up: Fulfilled once the server listens.
    func services(of store: Store, up: Promise<HTTPAddress>) async throws -> WorkerServices {
        let logger = telemetry.logger
        let client = try HTTPClient(settings.webhooks)
        let sealing = StateSealing(settings.codec, compressing: try await store.mayCompressStates())
        let requestRate = try settings.all[\.requestRate]
        // An agent reports at its start and then waits; no agent sends more than a few requests per second.
        let admission = AgentAdmission(store: store, rate: min(requestRate, 5))
        let health = WorkerHealth(store: store)
        let access = AccessURL(configured: settings.accessURL, address: settings.http.address)
        let agents = AgentAccess(store: store, sealing: sealing, address: access.url)
        let hub = ReinitHub(store: store, logger: logger)
        let services = WorkerServices(
            store: store,
            configuration: settings.worker,
            listener: PostgresListener(
                configuration: address.directConfiguration,
                channels: WakeUps.channels,
                logger: logger
            ),
            executor: Executor(
                store: store,
                provisioners: provisioners,
                replacementPolicy: settings.worker.replacementPolicy,
                sealing: sealing,
                spool: StateSpool(root: settings.host.workDirectory, bounds: settings.host.bounds),
                agents: agents,
                logger: logger,
                observe: telemetry.jobEnded,
                onReplacement: telemetry.replaced
            ),
            deliverer: { bell in
                Deliverer(
                    store: store,
                    worker: settings.worker.id,
                    client: client,
                    bell: bell,
                    sealing: sealing,
                    logger: logger,
                    observe: telemetry.attemptMade
                )
            },
            middle: [
                buildServer(
                    configuration: settings.http,
                    readiness: health.reasons,
                    registry: telemetry.registry,
                    routes: [
                        AgentRoutes(
                            store: store,
                            hub: hub,
                            admission: admission,
                            unseal: { try await sealing.opened($0) }
                        )
                    ] + routes(store, requestRate: requestRate),
                    logger: logger,
                    listening: { address in
                        access.listens(on: address)
                        up.fulfill(address)
                    }
                ),
                // It is stopped before the server, which waits for waiting clients.
                hub,
            ],
            registry: telemetry.registry,
            logger: logger,
            heard: hub.hear,
            observe: telemetry.passes.record,
            rest: telemetry.passes.rest
        )
        health.watch(services.drain)
        telemetry.watch(store.pool)
        return services
    }

    /// The API, and the console on the same operations.
    private func routes(_ store: Store, requestRate: Int) -> [any RouteSet] {
        // Each request replaces the caller.
        let nobody = Caller(name: "", userID: nil, role: .member, scopes: .reading)
        let own = consoleToken.map { ($0, Caller(name: "this machine", userID: nil, role: .owner)) }
        let context = Composition(settings.all).context(store, address, zones: settings.zones, caller: nobody)
        let authenticator = Authenticator(store: store, own: own)
        let limiter = RateLimiter(rate: requestRate)
        let streams = OpenStreams()
        return [
            APIRoutes(context: context, authenticator: authenticator, limiter: limiter, streams: streams),
            ConsoleRoutes(
                context: context,
                authenticator: authenticator,
                limiter: limiter,
                streams: streams,
                isSecure: settings.accessURL?.hasPrefix("https:") ?? false
            ),
        ]
    }

    private var provisioners: [ProvisionerType: any Provisioner] {
        [
            .terraform: TerraformProvisioner(host: settings.host, configuration: settings.terraform),
            .process: ProcessProvisioner(host: settings.host),
            .echo: EchoProvisioner(host: settings.host),
        ]
    }
}

extension ReinitHub {
    /// Passes on notifications for agents.
    @Sendable fileprivate func hear(_ event: ListenerEvent) {
        switch event {
        case .notification(Channel.claimed, let workspace): look(at: WorkspaceID(workspace))
        case .notification: break
        case .listening, .reconnected: look(at: nil)
        }
    }
}

extension StateSealing {
    fileprivate init(_ codec: StateCodec, compressing: Bool) {
        self.init(seal: { try codec.seal($0, compressing: compressing) }, open: { try codec.open($0) })
    }
}
