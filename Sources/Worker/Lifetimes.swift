// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import Store

/// Enforces the lifetimes of workspaces: warnings, expiry and dormancy. Every worker tries; one at a time acts.
struct Lifetimes: Service {
    let interval: Duration
    var clock: any Clock<Duration> = ContinuousClock()
    let logger: Logger
    /// ``Store/enforceLifetimes(batch:)``
    let enforce: @Sendable () async throws -> EnforcedLifetimes?

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                // Workers that start together shall not run together.
                try await clock.sleep(for: interval * Double.random(in: 0.5...1.5))
                try await round()
            }
        }
    }

    /// Throws only when it is canceled.
    private func round() async throws {
        do {
            guard let done = try await enforce(), !done.isEmpty else { return }
            logger.info(
                "lifetimes of workspaces",
                metadata: ["warned": "\(done.warned)", "dormant": "\(done.dormant)", "deleted": "\(done.deleted)"]
            )
        } catch let error as CancellationError {
            throw error
        } catch {
            logger.warning("the lifetimes of workspaces could not be enforced", metadata: ["error": "\(error)"])
        }
    }
}
