// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Prebuilds
package import Store
package import Templates
package import Time

/// Makes plans and passes, for the reconciler, the API and the commands alike.
package struct Reconciliation: Sendable {
    private let store: Store
    private let limits: PlanLimits
    private let zones: ZoneDirectory
    private let validations: PresetValidations
    private let sizes: SizingMemory

    package init(
        store: Store,
        limits: PlanLimits,
        zones: ZoneDirectory,
        validations: PresetValidations = PresetValidations(),
        sizes: SizingMemory = SizingMemory()
    ) {
        self.store = store
        self.limits = limits
        self.zones = zones
        self.validations = validations
        self.sizes = sizes
    }

    /// One pass: lock, snapshot, plan and writes in one transaction. Throws the store's errors; then nothing was
    /// written.
    ///
    /// - Parameter worker: The worker; `nil` for a command.
    /// - Parameter moment: The moment to reconcile for; `nil` for now.
    /// - Parameter named: The presets to which the pass is limited; `nil`: none, it is for all pools.
    /// - Parameter memory: Kept by the process, so that passes without changes write nothing; a new one considers every
    ///   preset.
    package func pass(
        by worker: WorkerID? = nil,
        at moment: Instant? = nil,
        of named: Set<PresetID>? = nil,
        memory: PlanMemory = PlanMemory()
    ) async throws -> PassResult {
        let (hasLed, known) = (memory.hasLed, memory.lastDecision)
        // Unless the pass gets to its end.
        memory.hasLed = false
        let made = try await store.pass(
            by: worker,
            at: moment,
            limits: limits,
            of: named,
            hasLed: hasLed,
            since: known,
            memory: sizes
        ) { pass in
            let plan = makePlan(pass.snapshot, at: pass.now)
            let news = memory.news(in: plan, beside: pass.record)
            let applied = try await pass.write(plan, recording: news)
            return (plan, applied, pass.record)
        }
        guard let (plan, applied, record) = made else { return .lockHeldElsewhere }
        memory.hasLed = true
        memory.remember(plan, applied, beside: record)
        return .done(plan, applied)
    }

    /// The plan of a pass at a moment, or now. Reads only.
    ///
    /// - Parameter warns: Whether to warn of a time to live that is shorter than a build, which needs the duration of
    ///   builds.
    package func plan(at moment: Instant? = nil, warning warns: Bool = true) async throws -> Plan {
        var (now, snapshot) = try await store.snapshot(at: moment, limits: limits, memory: sizes)
        let mortal = snapshot.presets.filter { $0.isActive && $0.ttlSeconds > 0 }
        let times = warns ? try await store.buildTimes(of: mortal.map(\.pool.presetID)) : [:]
        for index in snapshot.presets.indices {
            snapshot.presets[index].buildTime = times[snapshot.presets[index].pool.presetID]
        }
        return makePlan(snapshot, at: now)
    }

    private func makePlan(_ snapshot: Snapshot, at now: Instant) -> Plan {
        Plan(
            snapshot: snapshot,
            now: now,
            limits: limits,
            zones: zones.rules(for: snapshot),
            validations: validations
        )
    }
}

/// The result of one attempt at a pass.
package enum PassResult: Sendable {
    /// Another process is running a pass. This is normal; it cost one round trip and changed nothing.
    case lockHeldElsewhere
    /// The pass was made and committed.
    case done(Plan, AppliedPlan)
}
