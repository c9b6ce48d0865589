// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Testing
import Time

@testable import Worker

/// When a pass is made, and for which pools.
@Suite struct PassPacingTests {
    private let changed = ChangedPools.Scope.presets([.random()])

    private func at(_ seconds: Double) -> ManualClock.Instant { .init(offset: .seconds(seconds)) }

    private func plan(isWhole: Bool, undecided: Set<PresetID> = [], isLimited: Bool = false) -> Plan {
        var plan = Plan(now: Instant(seconds: 0), presets: [], isWhole: isWhole, undecided: undecided)
        if isLimited {
            let withheld = Withheld(.create, count: 1, reason: .capped, message: "")
            let pool = Pool(
                presetID: .random(),
                presetName: "",
                templateVersionID: .random(),
                templateName: "",
                organizationID: .random(),
                organizationName: ""
            )
            plan.presets = [PresetPlan(pool: pool, isActive: true, withheld: [withheld])]
        }
        return plan
    }

    /// One that has just made a pass for all, every 10 s.
    private func pacing(isLimited: Bool = false) -> PassPacing<ManualClock> {
        var pacing = PassPacing<ManualClock>(interval: .seconds(10), now: at(0))
        #expect(pacing.scope(of: .none, now: at(0)) == .all)
        pacing.end(plan(isWhole: true, isLimited: isLimited), now: at(0))
        return pacing
    }

    @Test func `a stream of notifications leaves time for passes for all pools`() {
        var pacing = pacing()
        var wholes = 0
        var now = 0.0
        while now < 100 {
            let scope = pacing.scope(of: changed, now: at(now))
            wholes += scope == .all ? 1 : 0
            // Each takes 10 ms, and the next notification has come meanwhile.
            now += 0.01
            pacing.end(plan(isWhole: scope == .all), now: at(now))
            now = max(now, pacing.start(changed).offset / .seconds(1))
        }
        #expect((9...11).contains(wholes))
    }

    @Test func `a pass for some pools follows closely, one for all leaves a pause`() {
        let pacing = pacing()
        #expect(pacing.start(changed) == .init(offset: .milliseconds(5)))
        #expect(pacing.start(.all) == .init(offset: .milliseconds(50)))
    }

    @Test func `after another's pass the next one for all is tried soon, and in the end at every notification`() {
        var pacing = pacing()
        var now = 11.0
        #expect(pacing.scope(of: changed, now: at(now)) == .all)
        pacing.miss(.all, hasFailed: false, now: at(now))
        // The other one may have made it, so this one answers notifications first.
        #expect(pacing.scope(of: changed, now: at(now + 1)) == changed)
        now += 2.75
        #expect(pacing.scope(of: changed, now: at(now)) == .all)
        now = 20
        pacing.miss(.all, hasFailed: false, now: at(now))
        #expect(pacing.scope(of: changed, now: at(now)) == .all)
        pacing.end(plan(isWhole: true), now: at(now))
        #expect(pacing.scope(of: changed, now: at(now)) == changed)
    }

    @Test func `another's pass in the way of one for some pools is no reason to try again`() {
        var pacing = pacing()
        let due = pacing.dueAt
        pacing.miss(changed, hasFailed: false, now: at(1))
        #expect(pacing.dueAt == due)
        pacing.miss(changed, hasFailed: true, now: at(1))
        #expect(pacing.dueAt < at(4))
    }

    @Test func `while a shared limit is reached, notifications are about all pools`() {
        var pacing = pacing(isLimited: true)
        #expect(pacing.scope(of: changed, now: at(1)) == .all)
        pacing.miss(.all, hasFailed: false, now: at(1))
        #expect(pacing.dueAt < at(2.2))
        pacing.end(plan(isWhole: true), now: at(2))
        #expect(pacing.scope(of: changed, now: at(3)) == changed)
        pacing.end(plan(isWhole: false, undecided: [.random()]), now: at(3))
        #expect(pacing.scope(of: .none, now: at(3)) == .all)
    }

    @Test func `a worker that rested begins with all pools`() {
        var pacing = pacing()
        pacing.rest(now: at(1))
        #expect(pacing.scope(of: changed, now: at(1)) == .all)
    }

    @Test func `notifications are gathered, up to a number, and what names no preset means all`() {
        let pools = ChangedPools()
        let (one, two) = (PresetID.random(), PresetID.random())
        for preset in [one, two, one] { pools.tell("\(preset)") }
        #expect(pools.take() == .presets([one, two]))
        #expect(pools.take() == .none)
        for payload in ["", "\(one) ", "7"] {
            pools.tell("\(one)")
            pools.tell(payload)
            pools.tell("\(two)")
            #expect(pools.take() == .all)
        }
        for _ in 0..<128 { pools.tell("\(PresetID.random())") }
        #expect(pools.take() != .all)
        for _ in 0..<129 { pools.tell("\(PresetID.random())") }
        #expect(pools.take() == .all)
    }
}
