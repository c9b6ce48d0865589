// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import Store
import Templates
import Time

/// Plans, and what a pool's health adds to their numbers, for the same words everywhere.
extension OperationContext {
    /// What a pass would do, at a moment or now. Reads only.
    ///
    /// - Parameter warns: Whether it is to tell of a TTL that is shorter than a build: it asks how long builds take.
    func plan(at moment: Instant? = nil, warning warns: Bool = true) async throws -> Plan {
        let limits = try limits()
        var (now, snapshot) = try await store.snapshot(at: moment, limits: limits)
        let mortal = snapshot.presets.filter { $0.isActive && $0.ttlSeconds > 0 }
        let times = warns ? try await store.buildTimes(of: mortal.map(\.pool.presetID)) : [:]
        for index in snapshot.presets.indices {
            snapshot.presets[index].buildTime = times[snapshot.presets[index].pool.presetID]
        }
        return Plan(snapshot: snapshot, now: now, limits: limits, zones: zones.rules(for: snapshot))
    }

    /// The plan with the failures that it tells of.
    func report(_ plan: Plan) async throws -> PlanReport {
        PlanReport(plan, failures: try await failures(of: plan))
    }

    /// Errors of pools' builds are for those who keep templates; whoever claims is told that a pool fails, and not by what.
    func failures(of plan: Plan) async throws -> [BuildID: PoolFailure] {
        guard caller.has(.templateAdmin) else { return [:] }
        return try await store.failures(of: plan.failedBuilds)
    }
}
