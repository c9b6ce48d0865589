// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// A service that may end by itself, in a group that stops its services one after the other.
///
/// The group takes an end out of turn for a failure and cancels all the others, running jobs among them. So a service that
/// has ended early says so, and waits for its turn.
struct InTurn: Service, CustomStringConvertible {
    let service: any Service
    /// Called when it has ended although nobody has asked for it yet.
    let endedEarly: @Sendable () -> Void

    func run() async throws {
        try await service.run()
        guard !Task.isShuttingDownGracefully else { return }
        endedEarly()
        // Throws when the task is canceled; either way its turn has come.
        try? await gracefulShutdown()
    }

    /// The type alone: what a service holds is nobody's business, the environment least of all.
    var description: String { "\(type(of: service))" }
}
