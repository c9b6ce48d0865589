// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
package import ServiceLifecycle
package import Telemetry

/// Makes the HTTP server of a Stoker process: health, metrics, and the route sets given.
///
/// - Parameter listening: Called with the address once the server listens, with the port that the system chose when the
///   configured one is 0.
package func buildServer(
    configuration: HTTPConfiguration,
    readiness: @escaping ReadinessCheck,
    registry: MetricsRegistry,
    routes: [any RouteSet] = [],
    logger: Logger,
    listening: @escaping @Sendable (HTTPAddress) async -> Void = { _ in }
) -> some Service {
    let router = Router(context: ServerRequestContext.self)
    router.add(middleware: RequestMetrics(registry: registry))
    router.add(middleware: ProblemMiddleware())
    router.add(middleware: UnknownRoutes())
    for set in [HealthRoutes(readiness: readiness, registry: registry)] + routes { set.add(to: router) }
    let address = configuration.address
    let application = Application(
        router: router,
        server: .http1(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [ConnectionSetup(), HangUpWatch()],
                // Silent connections are closed.
                idleTimeout: .seconds(75)
            )
        ),
        configuration: ApplicationConfiguration(address: .hostname(address.host, port: address.port)),
        onServerRunning: { channel in
            let port = channel.localAddress?.port ?? address.port
            await listening(HTTPAddress(host: address.host, port: port))
        },
        logger: logger
    )
    return HTTPServer(application: application, address: address)
}

/// Listens until it is shut down; a failure to listen becomes a ``ServerError``.
private struct HTTPServer<Application: Service>: Service {
    let application: Application
    let address: HTTPAddress

    func run() async throws {
        do {
            try await application.run()
        } catch {
            throw ServerError(binding: address, error) ?? error
        }
    }
}
