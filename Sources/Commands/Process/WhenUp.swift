// SPDX-License-Identifier: Apache-2.0

import Server
import ServiceLifecycle

/// Runs a function once the process is up, then waits for its end.
struct WhenUp: Service, CustomStringConvertible {
    let up: Promise<HTTPAddress>
    let body: @Sendable (HTTPAddress) async throws -> Void

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                if let address = await up.value() { try await body(address) }
            }
        } catch is CancellationError {
            // It was stopped before it was done.
        }
        try? await gracefulShutdown()
    }

    var description: String { "WhenUp" }
}
