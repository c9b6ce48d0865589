// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle
import Store

/// Removes old rows in small batches. Every worker tries; one at a time acts.
struct Retention: Service {
    var batch = 1_000
    var interval = Duration.seconds(3_600)
    var breath = Duration.milliseconds(100)
    var clock: any Clock<Duration> = ContinuousClock()
    let logger: Logger
    /// Removes a batch of a kind; `nil` if another worker does so.
    let prune: @Sendable (_ kind: Prunable, _ batch: Int) async throws -> Int?

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                // Workers that start together shall not run together.
                try await clock.sleep(for: interval * Double.random(in: 0.5...1.5))
                for kind in Prunable.allCases { try await removeAll(kind) }
            }
        }
    }

    /// Removes batch after batch, with pauses between them. Throws only when it is canceled.
    private func removeAll(_ kind: Prunable) async throws {
        var total = 0
        do {
            while let removed = try await prune(kind, batch) {
                total += removed
                guard removed >= batch else { break }
                try await clock.sleep(for: breath)
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            logger.warning("old rows could not be removed", metadata: ["what": "\(kind)", "error": "\(error)"])
        }
        if total > 0 { logger.info("removed old rows", metadata: ["what": "\(kind)", "rows": "\(total)"]) }
    }
}
