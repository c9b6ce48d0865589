// SPDX-License-Identifier: Apache-2.0

import Domain
import Logging
import PostgresClient
import Prebuilds
import ServiceLifecycle
import Store
import Time
import Worker

/// How long a claim waits for the job that refills its pool, with the wake-ups and the loop that a worker runs, on pools
/// that are full otherwise.
struct RefillBench {
    let databases: ScratchDatabases
    /// A database whose pools are full and ready.
    let database: String
    let presets: Int
    /// Claims to make, one after the other; at most half of the prebuilds.
    let claims: Int

    private static let claimant = "bench-claimant"

    /// From the end of a claim to the end of the pass that commits its refill, in milliseconds.
    func waits() async throws -> BenchFigure.Percentiles {
        let logger = Logger(label: "stoker.bench", factory: { _ in SwiftLogNoOpLogHandler() })
        let fills = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
        let wakeUps = WakeUps(
            listener: PostgresListener(
                configuration: databases.configuration(of: database),
                channels: WakeUps.channels,
                logger: logger
            )
        )
        return try await databases.connect(to: database) { store in
            let reconciler = Reconciler(
                store: store,
                worker: .random(),
                // Only a wake-up is measured: the loop would not look by itself before the end.
                interval: .seconds(600),
                limits: PlanLimits(),
                bell: wakeUps.reconcile,
                drain: Drain(),
                logger: logger,
                observe: { result, _ in
                    guard case .success(.done(_, let applied)) = result, applied.createdTotal > 0 else { return }
                    fills.continuation.yield(.now)
                }
            )
            let services: [any Service] = [wakeUps, reconciler]
            let group = ServiceGroup(
                configuration: .init(services: services.map { .init(service: $0) }, logger: logger)
            )
            async let running: Void = group.run()
            do {
                let waits = try await claimAndWait(fills.stream)
                await group.triggerGracefulShutdown()
                try await running
                return waits
            } catch {
                await group.triggerGracefulShutdown()
                try await running
                throw error
            }
        }
    }

    private func claimAndWait(_ fills: AsyncStream<ContinuousClock.Instant>) async throws -> BenchFigure.Percentiles {
        try await databases.connect(to: database) { store in
            _ = try await store.addUser(Self.claimant)
            var fills = fills.makeAsyncIterator()
            var waits: [Double] = []
            // The first of each is to warm up.
            for number in 0..<claims {
                let preset = number % presets
                let claim = try await store.claim(
                    ClaimRequest(
                        template: "bench-\(preset / 10 + 1)",
                        preset: "preset-\(preset % 10 + 1)",
                        owner: Self.claimant,
                        name: "claimed-\(number)"
                    )
                )
                let began = ContinuousClock.now
                guard claim.outcome == .hit else { throw CommandError("a claim found no prebuild: \(claim.outcome)") }
                guard let filled = await fills.next() else { break }
                if number > 0 { waits.append(began.duration(to: filled) / .milliseconds(1)) }
                // A person is not back at once; what the last claim has left to do is done.
                try await Task.sleep(for: .milliseconds(60))
            }
            guard let spread = BenchFigure.Percentiles(of: waits) else { throw CommandError("no refill was measured") }
            return spread
        }
    }
}
