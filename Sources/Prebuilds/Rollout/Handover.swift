// SPDX-License-Identifier: Apache-2.0

import Domain
import Time

/// One pool that is handed over from the presets of earlier versions to that of the new one.
///
/// Until the first prebuilds of the new version are ready, the canary, the old pool is kept filled. Then the new pool is built,
/// and an old prebuild goes for each new one that is ready. So as many are ready as before, and never more exist than twice
/// as many as are desired. Once the new version has made a whole pool, claims may have taken a part of it: then old ones stay
/// up to the floor only, or a steady demand would keep them for ever.
struct Handover {
    let pool: RolloutPool
    private let new: (index: Int, preset: PresetSnapshot, plan: PresetPlan)
    private let olds: [(index: Int, preset: PresetSnapshot)]
    private let ages: [AgeGroups]
    /// With the claims that wait.
    private let desired: Int
    /// How many prebuilds of the new version must become ready first.
    private let canary: Int

    init(
        pool: RolloutPool,
        new: (index: Int, preset: PresetSnapshot, plan: PresetPlan),
        olds: [(index: Int, preset: PresetSnapshot)],
        now: Instant
    ) {
        self.pool = pool
        self.new = new
        self.olds = olds
        ages = olds.map { AgeGroups(of: $0.preset, now: now) }
        desired = new.plan.state.wanted
        canary = max(min(pool.settings.canary, desired), min(desired, 1))
    }

    // MARK: The state

    var isProven: Bool { pool.isProven || isNewlyProven }
    var isNewlyProven: Bool { !pool.isProven && pool.made >= canary }

    /// Nothing is left of earlier versions, and the new pool was filled.
    var isDone: Bool {
        let isFilled = new.plan.state.eligible >= desired || pool.made >= min(desired, RolloutPool.mostCounted)
        return isProven && isFilled && olds.allSatisfy { $0.preset.running.isEmpty && $0.preset.starting == 0 }
    }

    /// Why the new version cannot be built; `nil`: nothing speaks against it.
    var failure: String? {
        guard desired > 0 else { return nil }
        let name = new.preset.pool.presetName
        let message = new.plan.statusChange?.message ?? new.preset.statusMessage
        switch new.plan.status {
        case .hardLimited, .validationFailed: return "preset '\(name)': \(message)"
        case .healthy, .unknown: break
        }
        return new.preset.versionReadiness == .importFailed ? "preset '\(name)': its version was not imported" : nil
    }

    /// How many ready prebuilds of both versions no removal of an old one undercuts.
    private func least(goingOn mayGoOn: Bool) -> Int {
        let isWhole = pool.madeSince >= min(desired, RolloutPool.mostCounted)
        return mayGoOn && isProven && isWhole && new.plan.withheld.isEmpty ? floor : desired
    }

    private var floor: Int {
        let (hundredths, overflows) = desired.multipliedReportingOverflow(by: pool.settings.floor)
        return overflows ? desired : min((hundredths + 99) / 100, desired)
    }

    func deadline(since progress: Instant) -> Instant {
        max(progress, pool.lastMadeAt ?? progress) + .seconds(pool.settings.deadlineSeconds)
    }

    func delay(beyond deadline: Instant, at now: Instant) -> String? {
        guard now > deadline, !new.plan.isPaused else { return nil }
        return "preset '\(new.preset.pool.presetName)': no prebuild of the new version became ready within "
            + "\(pool.settings.deadlineSeconds) s"
    }

    /// Old prebuilds that can be claimed, with their preset's place among the old ones; oldest first.
    private var ready: [(old: Int, prebuild: PrebuildSnapshot)] { running(where: \.isEligible) }
    /// Old prebuilds whose agents are not ready.
    private var unready: [(old: Int, prebuild: PrebuildSnapshot)] { running { !$0.isEligible } }

    private func running(where fits: (PrebuildSnapshot) -> Bool) -> [(old: Int, prebuild: PrebuildSnapshot)] {
        olds.indices
            .flatMap { old in ages[old].claimable.filter(fits).map { (old, $0) } }
            .sorted { PrebuildSnapshot.isOlder($0.prebuild, $1.prebuild) }
    }

    // MARK: The plan

    /// Changes the plans of the new preset and the old ones.
    func apply(to plans: inout [PresetPlan], goingOn mayGoOn: Bool, isPaused: Bool, _ planner: Planner) {
        let needed = max(least(goingOn: mayGoOn) - new.plan.state.eligible, 0)
        // While it is held or paused, no old one goes for a new one.
        let keep = mayGoOn ? needed : desired
        let (ready, unready) = (self.ready, self.unready)
        let kept = ready.suffix(keep)
        let waiting = ready.count < keep ? unready : []
        for old in olds.indices {
            plans[olds[old].index].remove(ages[old].dead, .expired)
            let replaced = ready.dropLast(keep) + (waiting.isEmpty ? unready : [])
            plans[olds[old].index].remove(replaced.filter { $0.old == old }.map(\.prebuild), .replaced)
        }
        let missing = max(needed - ready.count - waiting.count, 0)
        let inFlight = cancelOrders(beyond: missing, &plans)
        var refill = max(missing - inFlight, 0)
        // What the new version is building counts once it is proven.
        if mayGoOn, isProven { refill = new.plan.withheld.isEmpty ? 0 : max(refill - new.plan.state.starting, 0) }
        refill = order(refill, &plans, planner)
        let beside = kept.count + waiting.count + inFlight + refill
        limitNew(&plans[new.index], beside: beside, goingOn: mayGoOn, isPaused: isPaused)
        plans[new.index].state.previous = kept.count
        if mayGoOn { makeRoom(kept, &plans) }
    }

    /// Cancels orders that nobody needs: all of versions that were never proven, and the newest of the others.
    ///
    /// - Returns: How many old prebuilds are still being built.
    private func cancelOrders(beyond needed: Int, _ plans: inout [PresetPlan]) -> Int {
        var starting = olds.reduce(0) { $0 + $1.preset.starting }
        let unwanted = olds.filter { $0.preset.pool.presetID != pool.standby }
        for old in unwanted + olds.filter({ $0.preset.pool.presetID == pool.standby }) {
            let isStandby = old.preset.pool.presetID == pool.standby
            let orders = old.preset.pendingOrders.sorted(by: PendingOrder.isOlder)
            let gone = isStandby ? orders.suffix(max(starting - needed, 0)) : orders[...]
            starting -= gone.count
            plans[old.index].cancel(Array(gone))
        }
        return starting
    }

    /// Orders old prebuilds of the proven version. Returns how many.
    private func order(_ count: Int, _ plans: inout [PresetPlan], _ planner: Planner) -> Int {
        guard count > 0, let old = olds.first(where: { $0.preset.pool.presetID == pool.standby }) else { return 0 }
        let reasons = planner.reasonsToWithhold(count, ofEarlier: old.preset)
        plans[old.index].withheld += reasons
        guard reasons.isEmpty else { return 0 }
        plans[old.index].actions.append(.create(count))
        return count
    }

    private func limitNew(_ plan: inout PresetPlan, beside others: Int, goingOn mayGoOn: Bool, isPaused: Bool) {
        let wanted = plan.creations
        guard wanted > 0 else { return }
        let own = plan.state.actual - plan.deletions.count + plan.state.starting
        let (most, why): (Int, String) =
            if !mayGoOn {
                (
                    0,
                    isPaused
                        ? "The roll-out is paused." : "The roll-out is held, because the new version cannot be built."
                )
            } else if !isProven {
                (
                    canary - plan.state.eligible - plan.state.starting,
                    "The first prebuild of the new version must be ready first."
                )
            } else {
                (.max, "")
            }
        let room = 2 * desired - own - others
        let granted = max(min(wanted, most, room), 0)
        guard granted < wanted else { return }
        plan.limitCreations(to: granted)
        let message = most <= room ? why : "What earlier versions are building must end first."
        plan.withheld.append(.rollingOver(count: wanted - granted, message, plan.pool.templateName))
    }

    /// Where a quota leaves no room for new ones, as many old ones go first as the floor allows.
    private func makeRoom(_ kept: ArraySlice<(old: Int, prebuild: PrebuildSnapshot)>, _ plans: inout [PresetPlan]) {
        let budget = new.preset.maxUnavailable.map { max(desired * $0 / 100, 1) } ?? desired
        let least = max(floor, desired - budget)
        let spare = kept.prefix(max(new.plan.state.eligible + kept.count - least, 0))
        for old in olds.indices {
            plans[olds[old].index].spare = spare.filter { $0.old == old }.map(\.prebuild)
            plans[olds[old].index].makesRoomFor = pool.presetID
        }
    }
}

extension PresetPlan {
    fileprivate mutating func remove(_ prebuilds: [PrebuildSnapshot], _ reason: DeleteReason) {
        if !prebuilds.isEmpty { actions.append(.delete(reason, prebuilds.sorted(by: PrebuildSnapshot.isOlder))) }
    }

    /// What an execution had begun is deleted as well.
    fileprivate mutating func cancel(_ orders: [PendingOrder]) {
        guard !orders.isEmpty else { return }
        actions.insert(.cancel(orders), at: 0)
        remove(orders.filter(\.hasBegun).map(\.prebuild), .replaced)
    }
}
