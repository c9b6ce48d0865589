// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// A service that may end by itself, in a group that stops its services one after the other.
///
/// The group takes an early end for a failure and cancels all other services, with their running jobs. So a service
/// that has ended early reports that, and waits for its turn.
struct InTurn: Service, CustomStringConvertible {
    let service: any Service
    /// Called when the service has ended before it was asked to.
    let endedEarly: @Sendable () -> Void

    func run() async throws {
        try await service.run()
        guard !Task.isShuttingDownGracefully else { return }
        endedEarly()
        // Throws when the task is canceled; in both cases its turn has come.
        try? await gracefulShutdown()
    }

    /// Only the type: a service may hold secrets, such as the environment.
    var description: String { "\(type(of: service))" }
}
