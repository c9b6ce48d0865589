// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import Testing

/// A preset that orders prebuilds of which none becomes ready is stopped, whatever happens to them.
@Suite struct RunawayBrakeTests {
    private func preset(desired: Int, orders: Int, starting: Int = 0) -> PresetSnapshot {
        Fixtures.preset(desired: desired).with {
            $0.ordersInVain = orders
            $0.starting = starting
        }
    }

    @Test(arguments: [(1, 9, 1), (1, 10, 0), (2, 19, 1), (2, 20, 0), (0, 10, 0), (5, 49, 1), (5, 3, 5)])
    func `ten times what is desired may be ordered, and at least ten`(desired: Int, orders: Int, created: Int) {
        let plan = Fixtures.plan(preset(desired: desired, orders: orders)).presets[0]
        #expect(plan.creations == created)
        #expect((plan.statusChange?.to == .hardLimited) == (desired > 0 && created == 0))
    }

    @Test func `the preset is marked with a message of its own, which says how many and what to do`() throws {
        let plan = Fixtures.plan(preset(desired: 1, orders: 10)).presets[0]
        let change = try #require(plan.statusChange)
        #expect(change.failures == 10)
        #expect(change.message.hasPrefix("10 prebuilds of this preset were ordered within an hour, and none"))
        #expect(change.message.contains("stoker presets reset"))
        let trial = try #require(change.trialAt)
        #expect(plan.withheld.map(\.message) == ["\(change.message) One build is tried at \(trial)."])
        #expect(plan.withheld.map(\.until) == [trial])
        #expect(plan.reasons == [.hardLimited])
    }

    @Test func `a marked preset goes on telling why`() {
        let marked = preset(desired: 1, orders: 0).with {
            $0.status = .hardLimited
            $0.statusMessage = "10 prebuilds in vain"
        }
        let plan = Fixtures.plan(marked).presets[0]
        #expect(plan.statusChange == nil)
        #expect(plan.withheld.map(\.message) == ["10 prebuilds in vain"])
    }

    @Test func `orders that are under way are waited for`() {
        let plan = Fixtures.plan(preset(desired: 1, orders: 10, starting: 1)).presets[0]
        #expect(plan.statusChange == nil)
        #expect(plan.actions == [])
        #expect(plan.withheld == [])
    }

    @Test func `what the limit leaves is ordered, and the rest is said to be withheld`() {
        let plan = Fixtures.plan(preset(desired: 3, orders: 28)).presets[0]
        #expect(plan.actions == [.create(2)])
        #expect(plan.withheld.map(\.count) == [1])
        #expect(plan.reasons == [.hardLimited])
        #expect(plan.statusChange == nil)
    }

    @Test func `a count beyond all bounds overflows nothing`() {
        let plan = Fixtures.plan(preset(desired: .max, orders: 10)).presets[0]
        #expect(plan.creations == .max)
    }
}
