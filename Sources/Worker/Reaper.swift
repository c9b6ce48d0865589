// SPDX-License-Identifier: Apache-2.0

package import Logging
import ServiceLifecycle
package import Store

/// Takes the jobs of workers whose lease has ended. Every worker looks; one at a time acts.
///
/// A reaper that has itself been without the database waits one lease first: after an outage the others must have had the
/// time to renew theirs, or an outage would become a mass reaping.
package struct Reaper: Service {
    private let store: Store
    private let interval: Duration
    private let lease: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(
        store: Store,
        interval: Duration,
        lease: Duration,
        clock: any Clock<Duration> = ContinuousClock(),
        logger: Logger
    ) {
        self.store = store
        self.interval = interval
        self.lease = lease
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            var wasWithoutDatabase = false
            while !Task.isCancelled {
                try await clock.sleep(for: wasWithoutDatabase ? lease : interval * Double.random(in: 0.8...1.2))
                do {
                    let reaped = try await store.reapLostWorkers()
                    wasWithoutDatabase = false
                    if !reaped.workers.isEmpty {
                        logger.warning(
                            "workers were lost",
                            metadata: [
                                "workers": "\(reaped.workers)", "requeued": "\(reaped.requeued)",
                                "ended": "\(reaped.failed)",
                            ]
                        )
                    }
                } catch is CancellationError {
                    return
                } catch {
                    wasWithoutDatabase = true
                    logger.warning("lost workers could not be looked for", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}
