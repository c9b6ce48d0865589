// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Testing
import Time

/// Properties of every snapshot, tested on thousands of random ones.
@Suite struct PlanPropertyTests {
    private static let rounds = 1_500

    @Test func `a pool never grows beyond what is desired`() {
        forEachCase { sample, plan in
            for preset in plan.presets {
                let kept = preset.state.actual - preset.state.expired - preset.state.aging
                let alive = kept + preset.state.starting
                #expect(preset.creations == 0 || preset.creations + alive <= preset.state.desired)
                #expect(
                    preset.creations + preset.withheld.filter { $0.change == .create }.map(\.count).max(or: 0)
                        <= max(preset.state.missing, 0)
                )
            }
        }
    }

    @Test func `what is kept of a pool is never less than desired, and only running prebuilds are deleted`() {
        forEachCase { sample, plan in
            for (preset, plan) in zip(sample.snapshot.presets, plan.presets) {
                let deleted = Set(plan.deletions)
                #expect(deleted.count == plan.deletions.count)
                #expect(deleted.isSubset(of: preset.running))
                let kept = preset.running.filter { !deleted.contains($0) }
                guard preset.isActive else { continue }
                let fresh = plan.state.actual - plan.state.expired - plan.state.aging
                #expect(kept.count >= min(fresh, plan.state.desired))
                guard preset.maxUnavailable == nil else { continue }
                for (reason, oldest) in plan.deletionsByReason where reason == .extraneous {
                    // No kept one is older than a deleted one.
                    #expect(oldest.allSatisfy { gone in kept.allSatisfy { $0.createdAt >= gone.createdAt } })
                }
            }
        }
    }

    @Test func `what is replaced gradually serves until its replacement is ready`() {
        var kept = 0
        forEachCase { sample, plan in
            for (preset, plan) in zip(sample.snapshot.presets, plan.presets) {
                guard preset.isActive, let percent = preset.maxUnavailable else { continue }
                let deleted = Set(plan.deletionsByReason.filter { $0.0 == .expired }.flatMap(\.1))
                let end = sample.now - .seconds(preset.ttlSeconds > 0 ? preset.ttlSeconds : 1_000_000_000)
                let alive = preset.running.filter { $0.createdAt >= end }
                let ready = alive.filter(\.isEligible)
                let left = ready.filter { !deleted.contains($0) }.count
                let isShort = plan.withheld.contains { $0.reason == .quota }
                let budget = isShort ? max(plan.state.desired * percent / 100, 1) : 0
                #expect(left >= min(ready.count, plan.state.desired) - budget)
                #expect(
                    plan.creations + plan.state.starting + alive.count - plan.deletions.count
                        <= max(2 * plan.state.desired, plan.state.starting + alive.count)
                )
                kept += left
            }
        }
        #expect(kept > 100)
    }

    @Test func `a plan that was applied leaves nothing to do`() {
        forEachCase { sample, plan in
            let again = Plan(snapshot: sample.applying(plan), now: sample.now, limits: sample.limits)
            #expect(again.isEmpty)
            #expect(again.presets.map(\.status) == plan.presets.map(\.status))
        }
    }

    @Test func `the order of the presets and of their prebuilds does not matter`() {
        var generator = SeededGenerator(seed: 99)
        forEachCase { sample, plan in
            var shuffled = sample.snapshot
            shuffled.presets.shuffle(using: &generator)
            for index in shuffled.presets.indices { shuffled.presets[index].running.shuffle(using: &generator) }
            let other = Plan(snapshot: shuffled, now: sample.now, limits: sample.limits)
            #expect(other.presets.byID == plan.presets.byID)
            #expect(other.nextScheduleEdge == plan.nextScheduleEdge)
        }
    }

    @Test func `no limit that presets share is exceeded, and none is left unused`() {
        forEachCase { sample, plan in
            guard plan.pause == nil else { return }
            let total = plan.presets.map(\.creations).reduce(0, +)
            let capped = plan.presets.contains { $0.withheld.contains { $0.reason == .capped } }
            if sample.limits.maxPendingJobs > 0 {
                let room = max(sample.limits.maxPendingJobs - sample.snapshot.pendingJobs, 0)
                #expect(capped ? total == room : total <= room)
            }
            for (organization, quota) in sample.snapshot.prebuildQuotas {
                let members = plan.presets.filter { $0.pool.organizationID == organization }
                let created = members.map(\.creations).reduce(0, +)
                let held = members.map { $0.state.actual + $0.state.starting + $0.state.stopping + $0.state.deleting }
                    .reduce(0, +)
                #expect(created == 0 || created + held <= quota)
            }
        }
    }

    @Test func `a plan for some pools is as the one for all, and keeps every limit`() {
        var generator = SeededGenerator(seed: 7)
        var (decided, undecided) = (0, 0)
        forEachCase { sample, whole in
            var some = sample.snapshot
            some.presets = some.presets.filter { _ in Bool.random(using: &generator) }
            var totals = FleetTotals(pendingJobs: sample.snapshot.pendingJobs)
            for preset in sample.snapshot.presets {
                totals.prebuilds[preset.pool.organizationID, default: 0] +=
                    preset.running.count + preset.starting + preset.stopping + preset.deleting + preset.failed
            }
            some.totals = totals
            let plan = Plan(snapshot: some, now: sample.now, limits: sample.limits)
            #expect(!plan.isWhole)
            #expect(Set(plan.presets.map(\.pool.presetID)).isDisjoint(with: plan.undecided))
            #expect(plan.presets.count + plan.undecided.count == some.presets.count)
            for preset in plan.presets where !whole.isLimited {
                #expect(preset == whole.presets.byID[preset.pool.presetID])
            }
            let created = plan.presets.map(\.creations).reduce(0, +)
            if sample.limits.maxPendingJobs > 0, created > 0 {
                #expect(created + totals.pendingJobs <= sample.limits.maxPendingJobs)
            }
            for (organization, quota) in sample.snapshot.prebuildQuotas {
                let created = plan.presets.filter { $0.pool.organizationID == organization }.map(\.creations).reduce(
                    0,
                    +
                )
                #expect(created == 0 || created + (totals.prebuilds[organization] ?? 0) <= quota)
            }
            decided += created > 0 ? 1 : 0
            undecided += plan.undecided.isEmpty ? 0 : 1
        }
        #expect(decided > 100)
        #expect(undecided > 50)
    }

    @Test func `whatever is missing is created or its absence explained`() {
        forEachCase { sample, plan in
            for preset in plan.presets where preset.isActive {
                #expect(preset.creations == preset.state.missing || !preset.withheld.isEmpty)
                #expect(preset.withheld.allSatisfy { $0.count > 0 && !$0.message.isEmpty })
            }
        }
    }

    private func forEachCase(_ body: (Sample, Plan) -> Void) {
        for seed in 0..<Self.rounds {
            let sample = Sample(seed: UInt64(seed))
            body(sample, Plan(snapshot: sample.snapshot, now: sample.now, limits: sample.limits))
        }
    }
}

/// A random snapshot with limits.
private struct Sample {
    let snapshot: Snapshot
    let limits: PlanLimits
    let now = Fixtures.now

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
        func chance(_ percent: Int) -> Bool { number(1...100) <= percent }
        let now = Fixtures.now
        limits = PlanLimits(
            backoffInterval: .seconds(number(0...2) * 60),
            backoffLookback: .seconds(number(0...2) * 3_600),
            failureHardLimit: number(0...3),
            maxPendingJobs: chance(50) ? number(1...12) : 0
        )
        let presets = (1...number(1...6)).map { index in
            var preset = Fixtures.preset(index, desired: number(0...6), isActive: chance(80))
            preset.pool = Fixtures.pool(index, organization: number(1...2))
            if chance(10) { preset.values = [:] }
            if chance(10) { preset.versionReadiness = .importing }
            if chance(10) { preset.pausedUntil = now + .seconds(number(-5...5)) }
            if chance(40) { preset.ttlSeconds = number(-1...5) * 3_600 }
            if chance(40) {
                preset.maxUnavailable = number(0...4) * 25
                preset.leadTime = .seconds(number(0...9_000))
            }
            if chance(30) { preset.lastInvalidatedAt = now - .seconds(number(0...5) * 3_600) }
            if chance(30) {
                preset.schedules = (0...number(0...2)).map { _ in
                    ScheduleRow(
                        cronExpression: "* \(number(10...13)) * * 1-\(number(0...5))",
                        desiredInstances: number(0...8)
                    )
                }
            }
            preset.status = [.healthy, .healthy, .hardLimited, .validationFailed][number(0...3)]
            preset.running = (0..<number(0...8)).map {
                Fixtures.prebuild(
                    index * 100 + $0,
                    createdAt: now - .seconds(number(0...6) * 3_600 + number(0...1)),
                    isEligible: chance(70)
                )
            }
            preset.starting = number(0...3)
            preset.stopping = number(0...2)
            preset.deleting = number(0...2)
            preset.startBuilds = (0..<number(0...5)).map {
                Fixtures.build($0, createdAt: now - .seconds($0 * number(0...1_800)), hasFailed: chance(40))
            }
            preset.startBuilds.sort { $0.createdAt > $1.createdAt }
            preset.recentFailures = preset.startBuilds.count { $0.hasFailed }
            return preset
        }
        snapshot = Snapshot(
            presets: presets,
            pause: chance(10) ? FleetPause(kind: .reconciliation, until: now + .seconds(number(-1...1))) : nil,
            pendingJobs: number(0...8),
            prebuildQuotas: chance(50) ? [Fixtures.id(1): number(0...20)] : [:]
        )
    }

    /// The database's content after the plan is written.
    func applying(_ plan: Plan) -> Snapshot {
        var next = snapshot
        for (index, plan) in plan.presets.enumerated() {
            let deleted = Set(plan.deletions)
            next.presets[index].running.removeAll { deleted.contains($0) }
            next.presets[index].deleting += deleted.count
            next.presets[index].starting += plan.creations
            next.pendingJobs += plan.creations
            if let change = plan.statusChange {
                next.presets[index].status = change.to
                next.presets[index].statusMessage = change.message
            }
        }
        return next
    }
}

extension [PresetPlan] {
    fileprivate var byID: [PresetID: PresetPlan] {
        Dictionary(uniqueKeysWithValues: map { ($0.pool.presetID, $0) })
    }
}

extension PresetPlan {
    fileprivate var deletionsByReason: [(DeleteReason, [PrebuildSnapshot])] {
        actions.compactMap { action in
            if case .delete(let reason, let prebuilds) = action { (reason, prebuilds) } else { nil }
        }
    }
}

extension Collection where Element: Comparable {
    fileprivate func max(or fallback: Element) -> Element { self.max() ?? fallback }
}
