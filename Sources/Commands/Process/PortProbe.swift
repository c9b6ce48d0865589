// SPDX-License-Identifier: Apache-2.0

import Server
import ServiceLifecycle
import Telemetry

/// Checks whether the HTTP server can listen, before anything else starts.
struct PortProbe {
    let configuration: HTTPConfiguration

    init(_ configuration: HTTPConfiguration) {
        self.configuration = configuration
    }

    /// Listens for a moment. Throws ``ServerError`` when that fails.
    func requireFree() async throws {
        let up = Promise<HTTPAddress>()
        let server = buildServer(
            configuration: configuration,
            readiness: { ["the worker is starting"] },
            registry: MetricsRegistry(families: []),
            logger: Composition.silence,
            listening: { up.fulfill($0) }
        )
        let group = ServiceGroup(services: [server], logger: Composition.silence)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                _ = await up.value()
                await group.triggerGracefulShutdown()
            }
            defer { tasks.cancelAll() }
            try await tasks.next()
            try await tasks.next()
        }
    }
}
