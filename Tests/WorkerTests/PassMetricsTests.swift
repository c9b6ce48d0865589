// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import PostgresClient
import Prebuilds
import Store
import Telemetry
import TestSupport
import Testing

@testable import Worker

/// Three workers on one database, each with metrics of its own, as Prometheus would see them.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct PassMetricsTests {
    private struct Worker {
        let registration: WorkerRegistration
        let registry = MetricsRegistry()
        let metrics: PassMetrics
        let reconciler: Reconciler

        init(_ store: Store, lease: Duration = .seconds(60)) async throws {
            let metrics = PassMetrics(registry: registry)
            self.metrics = metrics
            registration = WorkerRegistration(
                name: "worker",
                hostname: "host",
                version: "1",
                tags: "{}",
                capacity: 1,
                leaseDuration: lease
            )
            reconciler = Reconciler(
                store: store,
                worker: registration.id,
                interval: .seconds(15),
                limits: PlanLimits(failureHardLimit: 1),
                bell: Doorbell(),
                drain: Drain(),
                logger: TestPools.logger,
                observe: metrics.record,
                rest: metrics.rest
            )
            try await store.register(registration)
        }

        /// The values of the worker's series whose line begins so.
        func values(_ prefix: String, in future: Duration = .zero) -> [Double] {
            registry.text(now: .now + future).split(separator: "\n").filter { $0.hasPrefix(prefix) }
                .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
        }
    }

    private func sum(_ prefix: String, over workers: [Worker]) -> Double {
        workers.flatMap { $0.values(prefix) }.reduce(0, +)
    }

    @Test func `a sum over three workers that all make passes counts each pool once`() async throws {
        try await TestPools.open { pools in
            try await pools.addPreset("large", desired: 4)
            try await pools.addPreset("small", desired: 1)
            let workers = [
                try await Worker(pools.store), try await Worker(pools.store), try await Worker(pools.store),
            ]
            for index in [0, 1, 2, 1, 2, 2, 0, 1, 2] {
                _ = try await workers[index].reconciler.pass()
                #expect(sum("stoker_prebuilds_desired{", over: workers) == 5)
                #expect(workers.count { !$0.values("stoker_prebuilds_snapshot_timestamp_seconds").isEmpty } == 1)
            }
            #expect(sum("stoker_prebuilds_starting{", over: workers) == 5)
            #expect(sum("stoker_prebuilds_running{", over: workers) == 0)
            #expect(sum("stoker_prebuilds_reconciliation_paused", over: workers) == 0)
            try await pools.finishBuilds()
            _ = try await workers[0].reconciler.pass()
            #expect(sum("stoker_prebuilds_running{", over: workers) == 5)
            #expect(sum("stoker_prebuilds_eligible{", over: workers) == 5)
            // What each did itself, each tells.
            #expect(workers.map { $0.values("stoker_prebuilds_created_total{").reduce(0, +) } == [5, 0, 0])
            #expect(sum("stoker_reconcile_passes_total{result=\"done\"}", over: workers) == 10)
        }
    }

    @Test func `another worker tells of the pools when the first one ends, drains or is drained`() async throws {
        try await TestPools.open { pools in
            try await pools.addPreset("pool", desired: 2)
            let workers = [
                try await Worker(pools.store), try await Worker(pools.store), try await Worker(pools.store),
            ]
            func tellers() -> [Int] {
                workers.indices.filter { !workers[$0].values("stoker_prebuilds_desired{").isEmpty }
            }
            for worker in workers { _ = try await worker.reconciler.pass() }
            #expect(tellers() == [0])

            // It is gone: nobody reads it any more.
            try await pools.store.setWorkerState(workers[0].registration.id, .drained, reason: "stopped")
            workers[0].metrics.rest()
            for worker in workers[1...] { _ = try await worker.reconciler.pass() }
            #expect(tellers() == [1])

            // Drained, and resumed: it does not take back what the next one has taken over.
            try await pools.store.setWorkerState(workers[1].registration.id, .draining, reason: "upgrade")
            workers[1].metrics.rest()
            _ = try await workers[2].reconciler.pass()
            try await pools.store.setWorkerState(workers[1].registration.id, .active, reason: "")
            for worker in workers[1...] { _ = try await worker.reconciler.pass() }
            #expect(tellers() == [2])
        }
    }

    @Test func `what a worker tells ends with its lease, before another begins`() async throws {
        try await TestPools.open { pools in
            try await pools.addPreset("pool", desired: 2)
            let first = try await Worker(pools.store, lease: .seconds(20))
            let second = try await Worker(pools.store)
            _ = try await first.reconciler.pass()
            #expect(first.values("stoker_prebuilds_desired{", in: .seconds(15)) == [2])
            // Stuck since: no pass, no heartbeat.
            #expect(first.values("stoker_prebuilds_desired{", in: .seconds(20)) == [])
            _ = try await second.reconciler.pass()
            #expect(second.values("stoker_prebuilds_desired{") == [])
            try await pools.sql(
                "UPDATE workers SET lease_expires_at = now() WHERE id = \(first.registration.id)"
            )
            _ = try await second.reconciler.pass()
            #expect(second.values("stoker_prebuilds_desired{") == [2])
        }
    }

    @Test func `a pool that is gone vanishes, and a limited preset shows while it is active`() async throws {
        try await TestPools.open { pools in
            let preset = try await pools.addPreset("pool", desired: 1)
            let worker = try await Worker(pools.store)
            _ = try await worker.reconciler.pass()
            #expect(worker.values("stoker_prebuilds_preset_hard_limited{") == [])
            try await pools.sql("UPDATE provisioner_jobs SET completed_at = now(), error = 'no'")
            _ = try await worker.reconciler.pass()
            #expect(worker.values("stoker_prebuilds_preset_hard_limited{") == [1])
            try await pools.store.resetPresets(.id(preset), by: "ada")
            _ = try await worker.reconciler.pass()
            #expect(worker.values("stoker_prebuilds_preset_hard_limited{") == [])
            try await pools.store.pause(.reconciliation)
            _ = try await worker.reconciler.pass()
            #expect(worker.values("stoker_prebuilds_reconciliation_paused") == [1])
            #expect(worker.values("stoker_prebuilds_desired{") == [1])
            try await pools.sql("UPDATE templates SET deleted = true")
            _ = try await worker.reconciler.pass()
            #expect(worker.values("stoker_prebuilds_desired{") == [])
            #expect(worker.values("stoker_prebuilds_snapshot_timestamp_seconds").count == 1)
        }
    }

    @Test func `a pass that fails is counted, and one that is canceled with its worker is not`() async throws {
        try await TestPools.open { pools in
            let worker = try await Worker(pools.store)
            try await pools.sql("ALTER TABLE settings RENAME TO elsewhere")
            for _ in 1...2 {
                await #expect(throws: (any Error).self) { _ = try await worker.reconciler.pass() }
            }
            try await pools.sql("ALTER TABLE elsewhere RENAME TO settings")
            let ended = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                _ = try await worker.reconciler.pass()
            }
            await #expect(throws: CancellationError.self) { try await ended.value }
            _ = try await worker.reconciler.pass()
            #expect(worker.values("stoker_reconcile_passes_total{result=\"failed\"}") == [2])
            #expect(worker.values("stoker_reconcile_passes_total{") == [1, 2])
        }
    }
}
