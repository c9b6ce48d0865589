// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
package import Logging
package import ServiceLifecycle
import Webhooks

/// A server on a free loopback port that answers 204 to every POST: the target of a measurement.
///
/// - Parameters:
///   - received: Called with the header `webhook-id` of every request, once its body was read.
///   - listening: Called with the address once the server listens.
package func buildSink(
    logger: Logger,
    received: @escaping @Sendable (String) -> Void,
    listening: @escaping @Sendable (HTTPAddress) async -> Void
) -> some Service {
    let router = Router()
    router.post("/") { request, _ in
        for try await _ in request.body {}
        if let id = request.headers[.webhookID] { received(id) }
        return HTTPResponse.Status.noContent
    }
    return Application(
        router: router,
        configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
        onServerRunning: { channel in
            await listening(HTTPAddress(host: "127.0.0.1", port: channel.localAddress?.port ?? 0))
        },
        logger: logger
    )
}
