// SPDX-License-Identifier: Apache-2.0

import Basics
import Logging
import Operations
import Prebuilds
import ServiceLifecycle
import Store
import Synchronization
import Time

/// Keeps the history of the pools: of each five minutes, the first whole plan of the worker that leads is written.
struct PoolHistorian: Service {
    private let store: Store
    private let logger: Logger
    private let latest = Latest()

    /// The plan that has not been looked at yet.
    private final class Latest: Sendable {
        let plan = Mutex<Plan?>(nil)
        let bell = Doorbell()
    }

    init(store: Store, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// Call it after every pass; it does not wait.
    func note(_ result: Result<PassResult, any Error>) {
        guard case .success(.done(let plan, _)) = result, plan.isWhole else { return }
        latest.plan.withLock { $0 = plan }
        latest.bell.ring()
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var last: Instant?
            while await latest.bell.wait() {
                guard let plan = latest.plan.withLock({ $0.take() }) else { continue }
                let moment = Self.moment(of: plan.now)
                guard moment != last else { continue }
                if await write(plan, at: moment) { last = moment }
            }
        }
    }

    /// The beginning of the five minutes.
    static func moment(of now: Instant) -> Instant {
        let step = PoolHistory.step.components.seconds
        return Instant(seconds: now.seconds - now.seconds % step)
    }

    /// Returns whether it was written. What fails is tried again with the next plan, and so is one without pools.
    private func write(_ plan: Plan, at moment: Instant) async -> Bool {
        let samples = plan.samples
        guard !samples.isEmpty else { return false }
        do {
            try await store.record(samples, at: moment)
            // Usually there is an hour of them once an hour. The bound is for what an outage has left.
            for _ in 0..<48 where try await store.thinHistory() == 0 { break }
            return true
        } catch {
            logger.warning("the history of the pools could not be written", metadata: ["error": "\(error)"])
            return false
        }
    }
}

extension Plan {
    /// The counts of every pool.
    fileprivate var samples: [PoolSample] {
        presets.filter(\.isActive).map {
            PoolSample(
                presetID: $0.pool.presetID,
                desired: $0.state.desired,
                ready: $0.state.eligible,
                starting: $0.state.starting
            )
        }
    }
}
