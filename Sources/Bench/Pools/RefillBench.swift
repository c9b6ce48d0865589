// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import PostgresClient
import Prebuilds
import Store
import Worker

/// Measures the time from a claim to the job that refills its pool, with the notifications and the loop of a worker, on
/// otherwise full pools.
struct RefillBench {
    let server: BenchServer
    /// A database with full pools.
    let database: String
    let presets: Int
    /// The number of claims, one after the other; at most half of the prebuilds.
    let claims: Int

    /// From the end of a claim to the end of the pass that commits its refill, in milliseconds.
    func waits() async throws -> Percentiles {
        let fills = AsyncStream.makeStream(of: ContinuousClock.Instant.self)
        let wakeUps = WakeUps(
            listener: PostgresListener(
                configuration: server.configuration(of: database),
                channels: WakeUps.channels,
                logger: silence
            )
        )
        return try await server.connect(to: database) { store in
            let reconciler = Reconciler(
                store: store,
                worker: .random(),
                // Only notifications are measured: the loop itself would not poll before the end.
                interval: .seconds(600),
                limits: PlanLimits(),
                bell: wakeUps.reconcile,
                changedPools: wakeUps.changedPools,
                drain: Drain(),
                logger: silence,
                observe: { result, _ in
                    guard case .success(.done(_, let applied)) = result, applied.createdTotal > 0 else { return }
                    fills.continuation.yield(.now)
                }
            )
            return try await withServices([wakeUps, reconciler]) {
                try await server.connect(to: database) { try await claimAndWait($0, fills.stream) }
            }
        }
    }

    private func claimAndWait(
        _ store: Store,
        _ fills: AsyncStream<ContinuousClock.Instant>
    ) async throws -> Percentiles {
        try await store.addClaimant()
        var fills = fills.makeAsyncIterator()
        var waits: [Double] = []
        // The first of each is the warm-up.
        for number in 0..<claims {
            let preset = number % presets
            let claim = try await store.claim(
                ClaimRequest(
                    template: "bench-\(preset / 10 + 1)",
                    preset: "preset-\(preset % 10 + 1)",
                    owner: BenchPreset.claimant,
                    name: "claimed-\(number)"
                )
            )
            let began = ContinuousClock.now
            guard claim.outcome == .hit else { throw BenchError("a claim found no prebuild: \(claim.outcome)") }
            guard let filled = await fills.next() else { break }
            if number > 0 { waits.append(began.duration(to: filled) / .milliseconds(1)) }
            // Real claims do not follow at once, so the work of the last claim is finished first.
            try await Task.sleep(for: .milliseconds(60))
        }
        return try Percentiles(of: waits)
    }
}
