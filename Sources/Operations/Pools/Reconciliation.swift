// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Prebuilds
package import Store
package import Templates
package import Time

/// How plans and passes are made: the one way, for the reconciler, the API and the commands.
package struct Reconciliation: Sendable {
    private let store: Store
    private let limits: PlanLimits
    private let zones: ZoneDirectory

    package init(store: Store, limits: PlanLimits, zones: ZoneDirectory) {
        self.store = store
        self.limits = limits
        self.zones = zones
    }

    /// One pass: lock, snapshot, plan, writes, in one transaction. Throws what the store throws; nothing was written then.
    ///
    /// - Parameter worker: Who makes it; `nil` for a command.
    /// - Parameter moment: The moment to reconcile for; `nil`: now.
    /// - Parameter memory: The process's own, so that passes without news write nothing; a new one looks at every preset.
    package func pass(
        by worker: WorkerID? = nil,
        at moment: Instant? = nil,
        memory: PlanMemory = PlanMemory()
    ) async throws -> PassResult {
        let made = try await store.pass(by: worker, at: moment, limits: limits) { pass in
            let plan = makePlan(pass.snapshot, at: pass.now)
            let news = memory.news(in: plan, since: pass.lastDecision)
            let applied = try await pass.write(plan, recording: news)
            return (plan, applied, pass.lastDecision)
        }
        guard let (plan, applied, lastDecision) = made else { return .lockHeldElsewhere }
        memory.remember(plan, applied, since: lastDecision)
        return .done(plan, applied)
    }

    /// What a pass would do, at a moment or now. Reads only.
    ///
    /// - Parameter warns: Whether it is to tell of a TTL that is shorter than a build: it asks how long builds take.
    package func plan(at moment: Instant? = nil, warning warns: Bool = true) async throws -> Plan {
        var (now, snapshot) = try await store.snapshot(at: moment, limits: limits)
        let mortal = snapshot.presets.filter { $0.isActive && $0.ttlSeconds > 0 }
        let times = warns ? try await store.buildTimes(of: mortal.map(\.pool.presetID)) : [:]
        for index in snapshot.presets.indices {
            snapshot.presets[index].buildTime = times[snapshot.presets[index].pool.presetID]
        }
        return makePlan(snapshot, at: now)
    }

    private func makePlan(_ snapshot: Snapshot, at now: Instant) -> Plan {
        Plan(snapshot: snapshot, now: now, limits: limits, zones: zones.rules(for: snapshot))
    }
}

/// What became of one attempt at a pass.
package enum PassResult: Sendable {
    /// Another process is in a pass. Normal: it cost one round trip and changed nothing.
    case lockHeldElsewhere
    /// The pass was made and committed.
    case done(Plan, AppliedPlan)
}
