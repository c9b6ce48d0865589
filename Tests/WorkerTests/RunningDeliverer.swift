// SPDX-License-Identifier: Apache-2.0

import Basics
import CurlClient
import Domain
import PostgresClient
import ServiceLifecycle
import Store
import TestSupport
import Webhooks

@testable import Worker

/// A deliverer that runs as a service, and the attempts that it recorded.
final class RunningDeliverer: Sendable {
    let bell = Doorbell()
    let attempts = TestSignal<DeliveryAttempt>()
    let worker = WorkerID.random()
    private let group: ServiceGroup
    private let running: Task<Void, any Error>

    /// - Parameter timeout: The client's, for a whole request.
    init(_ store: Store, timeout: Duration = .seconds(15)) throws {
        let deliverer = try Deliverer.reachingThisMachine(store, worker, bell, timeout) { [attempts] in
            attempts.send($0)
        }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: deliverer,
                        successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup
                    )
                ],
                logger: TestPools.logger
            )
        )
        self.group = group
        running = Task { try await group.run() }
    }

    func stop() async throws {
        await group.triggerGracefulShutdown()
        try await running.value
    }

    /// Runs the body with so many deliverers on one database, each rung whenever the body rings.
    static func fleet(
        of count: Int,
        on store: Store,
        timeout: Duration = .seconds(15),
        _ body: ([RunningDeliverer]) async throws -> Void
    ) async throws {
        let fleet = try (0..<count).map { _ in try RunningDeliverer(store, timeout: timeout) }
        do {
            try await body(fleet)
        } catch {
            for deliverer in fleet { try await deliverer.stop() }
            throw error
        }
        for deliverer in fleet { try await deliverer.stop() }
    }
}

extension Deliverer {
    static func reachingThisMachine(
        _ store: Store,
        _ worker: WorkerID = .random(),
        _ bell: Doorbell = Doorbell(),
        _ timeout: Duration = .seconds(15),
        observe: @escaping @Sendable (DeliveryAttempt) -> Void = { _ in }
    ) throws -> Deliverer {
        var configuration = HTTPClientConfiguration()
        configuration.addressPolicy.allowedNetworks = [try IPNetwork("127.0.0.0/8")]
        configuration.timeout = timeout
        configuration.maximumTransfersPerKey = configuration.maximumTransfers
        return Deliverer(
            store: store,
            worker: worker,
            client: try HTTPClient(configuration),
            bell: bell,
            logger: TestPools.logger,
            observe: observe
        )
    }
}

extension TestPools {
    static let secret = SigningKey.randomSecret()

    @discardableResult
    func addEndpoint(
        _ name: String,
        _ url: String,
        headers: [String: String] = [:],
        concurrency: Int = 8
    ) async throws -> EndpointID {
        let endpoint = Endpoint(
            name: name,
            url: url,
            secret: Array(Self.secret.encoded.utf8),
            headers: headers,
            maximumConcurrency: concurrency
        )
        try await store.addEndpoint(endpoint)
        return endpoint.id
    }

    /// Writes events of subjects of their own, in one transaction.
    func emit(_ count: Int, type: String = "pool_depleted") async throws {
        try await sql(
            """
            SELECT stoker_emit_event(\(type), NULL, '{}', '{}', jsonb_build_object('number', n), '{}', 's/' || n, NULL, now())
            FROM generate_series(1, \(count)) n
            """
        )
    }

    func deliveries(_ condition: String) async throws -> Int {
        try await value("SELECT count(*)::int FROM webhook_deliveries d WHERE \(sql: SQL(trusted: condition))")
    }
}
