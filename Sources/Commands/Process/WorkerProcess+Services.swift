// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Logging
import PostgresClient
import Provisioning
import Server
import ServiceLifecycle
import Store
import Telemetry
import Worker

extension WorkerProcess {
    /// All services of the process, wired.
    func services(of store: Store, client: HTTPClient, up: Whistle<HTTPAddress>) -> WorkerServices {
        let logger = telemetry.logger
        let sealing = StateSealing(settings.codec)
        let health = WorkerHealth(store: store)
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
                spool: StateSpool(root: settings.host.workDirectory),
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
                    logger: logger,
                    listening: { up.blow($0) }
                )
            ],
            registry: telemetry.registry,
            logger: logger,
            observe: telemetry.passes.record,
            rest: telemetry.passes.rest
        )
        health.watch(services.drain)
        telemetry.watch(store.pool)
        return services
    }

    private var provisioners: [String: any Provisioner] {
        [
            "terraform": TerraformProvisioner(host: settings.host, configuration: settings.terraform),
            "process": ProcessProvisioner(host: settings.host),
            "echo": EchoProvisioner(host: settings.host),
        ]
    }
}
