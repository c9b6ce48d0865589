// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import PostgresClient
import Prebuilds
import Store
import Synchronization
import TestSupport
import Testing
import Time

@testable import Worker

/// From a change in the database to the pass that answers it, with all that is between them: NOTIFY, the listener, the
/// bell, the lock.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct WakeUpTests {
    /// What passes wrote, and when they had committed.
    private final class Passes: Sendable {
        let creations = TestSignal<(count: Int, at: ContinuousClock.Instant)>()
        let count = Mutex(0)
        /// Of them, those for all pools.
        let wholes = Mutex(0)

        func observe(_ result: PassResult) {
            guard case .done(let plan, let applied) = result else { return }
            count.withLock { $0 += 1 }
            if plan.isWhole { wholes.withLock { $0 += 1 } }
            if applied.createdTotal > 0 { creations.send((applied.createdTotal, .now)) }
        }
    }

    /// A worker's wake-ups and reconciler, whose next tick is an hour away, for as long as the body runs.
    private func withReconciler(_ pools: TestPools, _ body: (Passes) async throws -> Void) async throws {
        let passes = Passes()
        let wakeUps = WakeUps(
            listener: PostgresListener(
                configuration: PostgresConfiguration(TestDatabase.current.connectionString),
                channels: WakeUps.channels,
                logger: TestPools.logger
            )
        )
        let reconciler = Reconciler(
            store: pools.store,
            worker: .random(),
            interval: .seconds(3_600),
            limits: PlanLimits(),
            bell: wakeUps.reconcile,
            changedPools: wakeUps.changedPools,
            drain: Drain(),
            logger: TestPools.logger,
            observe: { result, _ in if case .success(let result) = result { passes.observe(result) } }
        )
        let running = [Task { try await wakeUps.run() }, Task { try await reconciler.run() }]
        try await body(passes)
        for task in running { task.cancel() }
        for task in running { _ = await task.result }
    }

    @Test func `a claim leads to its refill by wake-up alone`() async throws {
        try await TestPools.open { pools in
            let claims = 40
            try await pools.sql("INSERT INTO users (username) VALUES ('ada')")
            try await pools.addPreset("pool", desired: claims)
            try await withReconciler(pools) { passes in
                #expect(try await passes.creations.next("the pool's first prebuilds").count == claims)
                try await pools.finishBuilds()
                var latencies: [Duration] = []
                for number in 0..<claims {
                    let claim = try await pools.store.claim(
                        ClaimRequest(template: "go-dev", owner: "ada", name: "workspace-\(number)")
                    )
                    let claimed = ContinuousClock.now
                    #expect(claim.outcome == .hit)
                    let refill = try await passes.creations.next("the refill of claim \(number)")
                    #expect(refill.count == 1)
                    latencies.append(refill.at - claimed)
                }
                #expect(try await pools.pending == claims)
                // At start, and when the listener was ready; all others were for the pool that the claim named.
                #expect(passes.wholes.withLock { $0 } <= 2)
                latencies.sort()
                print(
                    "From a claim to the job of its refill: median \(latencies[claims / 2]), p95 \(latencies[claims * 95 / 100])"
                )
            }
            #expect(
                try await pools.value("SELECT count(*) FROM workspaces WHERE owner_id = \(prebuildsUserID)") == claims
            )
        }
    }

    @Test func `a burst of changes leads to few passes, and the last sees all of them`() async throws {
        try await TestPools.open { pools in
            let preset = try await pools.addPreset("pool", desired: 0)
            try await withReconciler(pools) { passes in
                // One transaction: the notifications arrive together.
                try await pools.store.pool.withTransaction("test") { transaction in
                    for number in 1...200 {
                        _ = try await transaction.executeBatch([
                            Statement(
                                "test",
                                "UPDATE template_version_presets SET desired_instances = \(number) WHERE id = \(preset)"
                            ),
                            Statement("test", "SELECT pg_notify(\(Channel.reconcile), \("\(number)"))"),
                        ])
                    }
                }
                #expect(try await passes.creations.next("the pool's prebuilds").count == 200)
                // At start, when the listener was ready, and twice for the burst.
                #expect(passes.count.withLock { $0 } <= 4)
            }
        }
    }
}
