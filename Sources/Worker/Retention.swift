// SPDX-License-Identifier: Apache-2.0

package import Logging
import ServiceLifecycle
package import Store

/// Removes what is old, a small batch at a time. Every worker looks; one at a time acts.
package struct Retention: Service {
    private let prune: @Sendable (Prunable) async throws -> Int?
    private let batch: Int
    private let interval: Duration
    private let breath: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameter age: How old what is removed is at least.
    package init(
        store: Store,
        age: Duration,
        batch: Int = 1_000,
        interval: Duration = .seconds(3_600),
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.init(batch: batch, interval: interval, clock: clock, logger: logger) { kind in
            try await store.prune(kind, olderThan: age, batch: batch)
        }
    }

    init(
        batch: Int,
        interval: Duration,
        breath: Duration = .milliseconds(100),
        clock: any Clock<Duration>,
        logger: Logger,
        prune: @escaping @Sendable (Prunable) async throws -> Int?
    ) {
        self.prune = prune
        self.batch = batch
        self.interval = interval
        self.breath = breath
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while true {
                // Workers that start together do not come together.
                try await clock.sleep(for: interval * Double.random(in: 0.5...1.5))
                for kind in Prunable.allCases { try await removeAll(kind) }
            }
        }
    }

    /// Batch after batch, with time for others between them. Throws only when it is canceled.
    private func removeAll(_ kind: Prunable) async throws {
        var total = 0
        do {
            while let removed = try await prune(kind) {
                total += removed
                guard removed >= batch else { break }
                try await clock.sleep(for: breath)
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            logger.warning("what is old could not be removed", metadata: ["what": "\(kind)", "error": "\(error)"])
        }
        if total > 0 { logger.info("removed what is old", metadata: ["what": "\(kind)", "rows": "\(total)"]) }
    }
}
