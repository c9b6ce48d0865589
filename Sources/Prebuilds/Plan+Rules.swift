// SPDX-License-Identifier: Apache-2.0

import Domain
package import Time

extension Plan {
    /// Plans a pass at `now` for `snapshot`.
    ///
    /// The same arguments give the same plan, and the order of the presets changes nothing but the order of the plans.
    ///
    /// - Parameter zones: The rules of the time zones that schedules name. A schedule whose zone is missing cannot be
    ///   read: its preset creates nothing.
    /// - Parameter validations: Kept by the process, so that a preset is validated once and not in each pass.
    package init(
        snapshot: Snapshot,
        now: Instant,
        limits: PlanLimits,
        zones: [String: TimeZoneRules] = [:],
        validations: PresetValidations = PresetValidations()
    ) {
        var planner = Planner(now: now, limits: limits, zones: zones)
        let problems = validations.problems(of: snapshot.presets, areAll: snapshot.totals == nil)
        let presets = zip(snapshot.presets, problems).map { planner.plan($0, invalid: $1) }
        let pause = snapshot.pause.flatMap { $0.holds(at: now) ? $0 : nil }
        self.init(
            now: now,
            pause: pause,
            presets: presets,
            isWhole: snapshot.totals == nil,
            nextScheduleEdge: planner.nextScheduleEdge,
            nextExpiry: planner.nextExpiry,
            unreadable: snapshot.unreadable,
            orphans: snapshot.orphans,
            learned: planner.sizes.learned,
            targets: planner.sizes.targets
        )
        if let pause {
            for index in self.presets.indices {
                self.presets[index].hold(for: pause, status: snapshot.presets[index].status)
            }
        } else if let totals = snapshot.totals {
            leaveUndecided(totals, snapshot.prebuildQuotas, limits)
        } else {
            keepQuotas(snapshot.prebuildQuotas)
            let canceled = self.presets.reduce(0) { $0 + $1.cancellations.count }
            keepCap(limits, pending: max(snapshot.pendingJobs - canceled, 0))
        }
    }

    /// Takes out the presets that may create less than they ask for, or less than others would leave them.
    private mutating func leaveUndecided(_ totals: FleetTotals, _ quotas: [OrganizationID: Int], _ limits: PlanLimits) {
        let asking = presets.filter { $0.creations > 0 }
        func exceed(_ limit: Int, by presets: [PresetPlan], beside held: Int) -> Bool {
            held + presets.reduce(0) { $0 + $1.creations } > limit
        }
        if limits.maxPendingJobs > 0, exceed(limits.maxPendingJobs, by: asking, beside: totals.pendingJobs) {
            undecided = Set(asking.map(\.pool.presetID))
        }
        for (organization, members) in Dictionary(grouping: asking, by: \.pool.organizationID) {
            guard let quota = quotas[organization],
                exceed(quota, by: members, beside: totals.prebuilds[organization] ?? quota)
            else { continue }
            undecided.formUnion(members.map(\.pool.presetID))
        }
        presets.removeAll { undecided.contains($0.pool.presetID) }
    }

    /// An organization's prebuilds are all that exist or are in progress, whatever happens to them later.
    private mutating func keepQuotas(_ quotas: [OrganizationID: Int]) {
        guard !quotas.isEmpty else { return }
        let members = Dictionary(grouping: presets.indices) { presets[$0].pool.organizationID }
        for (organization, quota) in quotas {
            guard let members = members[organization] else { continue }
            let held = members.reduce(0) { sum, index in
                let state = presets[index].state
                return sum + state.actual + state.starting + state.stopping + state.deleting
            }
            share(quota - held, among: members) { pool, count in
                .overQuota(count: count, pool, held: held, quota: quota)
            }
            for index in members { presets[index].makeRoom() }
        }
    }

    private mutating func keepCap(_ limits: PlanLimits, pending: Int) {
        guard limits.maxPendingJobs > 0 else { return }
        share(limits.maxPendingJobs - pending, among: Array(presets.indices)) { _, count in
            .capped(count: count, limits: limits, pending: pending)
        }
    }

    /// Limits the creations of the presets at `indices` to `capacity` in total, and adds the reason to each preset that
    /// gets less than it asked for.
    private mutating func share(_ capacity: Int, among indices: [Int], reason: (Pool, Int) -> Withheld) {
        let asking = indices.filter { presets[$0].creations > 0 }
        let share = FairShare(of: capacity, among: asking.map { (presets[$0].pool.presetID, presets[$0].creations) })
        for (index, granted) in zip(asking, share.grants) {
            let missing = presets[index].creations - granted
            guard missing > 0 else { continue }
            presets[index].withheld.append(reason(presets[index].pool, missing))
            presets[index].limitCreations(to: granted)
        }
    }
}

extension PresetPlan {
    /// Turns every action into a withheld change, and leaves the status unchanged.
    fileprivate mutating func hold(for pause: FleetPause, status: PrebuildStatus) {
        var held: [Withheld] = []
        if !cancellations.isEmpty { held.append(.fleetPaused(.cancel, count: cancellations.count, pause)) }
        if !deletions.isEmpty { held.append(.fleetPaused(.delete, count: deletions.count, pause)) }
        if state.missing > 0, isActive { held.append(.fleetPaused(.create, count: state.missing, pause)) }
        withheld = held + withheld
        isPaused = true
        actions = []
        self.status = status
        statusChange = nil
    }

    /// Where a quota leaves no room for replacements, some expired prebuilds go first.
    fileprivate mutating func makeRoom() {
        guard !spare.isEmpty, withheld.contains(where: { $0.reason == .quota }) else { return }
        actions.insert(.delete(.expired, spare), at: 0)
    }

    fileprivate mutating func limitCreations(to count: Int) {
        actions = actions.compactMap { action in
            guard case .create = action else { return action }
            return count > 0 ? .create(count) : nil
        }
    }
}
