// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Provisioning
import ServiceLifecycle
import Store
import Templates
import TestSupport

@testable import Worker

/// Builds as a test says.
struct ScriptedProvisioner: Provisioner {
    let script:
        @Sendable (BuildRequest, any ExecutionReporter, ExecutionControl) async throws(ProvisioningFailure) ->
            BuildOutcome

    func importVersion(
        _ request: ImportRequest,
        reporter: any ExecutionReporter,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> TemplateManifest {
        throw ProvisioningFailure(.invalid, "nothing is imported here")
    }

    func build(
        _ request: BuildRequest,
        reporter: any ExecutionReporter,
        control: ExecutionControl
    ) async throws(ProvisioningFailure) -> BuildOutcome {
        try await script(request, reporter, control)
    }
}

/// A worker's wake-ups, lease and job runner that run as services, and what it claimed.
final class RunningWorker: Sendable {
    let services: JobServices
    let claims: TestSignal<[ClaimedJob]>
    private let group: ServiceGroup
    private let running: Task<Void, any Error>

    /// Unless told otherwise its heartbeat is an hour away, so that only notifications reach it.
    ///
    /// - Parameter url: The database of the store.
    init(
        _ store: Store,
        on url: String = TestDatabase.current.connectionString,
        slots: Int = 4,
        tags: String = #"{"scope":"organization","owner":""}"#,
        lease: Duration = .seconds(7_200),
        heartbeat: Duration = .seconds(3_600),
        provisioners: [ProvisionerType: any Provisioner] = [:]
    ) async throws {
        var configuration = WorkerConfiguration(
            registration: WorkerRegistration(
                name: "worker",
                hostname: "",
                version: "1",
                tags: tags,
                capacity: slots,
                leaseDuration: lease
            )
        )
        configuration.heartbeatInterval = heartbeat
        let claims = TestSignal<[ClaimedJob]>()
        self.claims = claims
        let services = JobServices(
            store: store,
            configuration: configuration,
            listener: PostgresListener(
                configuration: PostgresConfiguration(url),
                channels: WakeUps.channels,
                logger: TestPools.logger
            ),
            executor: Executor(store: store, provisioners: provisioners, logger: TestPools.logger),
            logger: TestPools.logger,
            onClaim: { claims.send($0) }
        )
        self.services = services
        try await services.enter()
        let group = ServiceGroup(
            configuration: .init(services: services.services.map { .init(service: $0) }, logger: TestPools.logger)
        )
        self.group = group
        running = Task { try await group.run() }
    }

    /// Runs the body beside the worker, which drains after it; when the body throws, the worker is cancelled.
    func during<Result>(_ body: (RunningWorker) async throws -> Result) async throws -> Result {
        do {
            let result = try await body(self)
            await group.triggerGracefulShutdown()
            try await running.value
            return result
        } catch {
            await cancel()
            throw error
        }
    }

    /// Cancels it and waits for its end.
    func cancel() async {
        running.cancel()
        _ = await running.result
    }
}
