// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Testing
import Time

/// Claims that wait for a preset's next prebuild are demand beside the desired count.
@Suite struct WaitingDemandTests {
    private func preset(
        desired: Int = 1,
        waiting: Int,
        running: Int = 0,
        starting: Int = 0
    ) -> PresetSnapshot {
        Fixtures.preset(desired: desired).with {
            $0.waitingClaims = waiting
            $0.running = (0..<running).map { Fixtures.prebuild($0 + 1) }
            $0.starting = starting
        }
    }

    @Test(arguments: [
        // desired, waiting, running, starting: created, deleted
        ([1, 0, 0, 0], [1, 0]), ([1, 6, 0, 0], [7, 0]), ([1, 6, 0, 1], [6, 0]), ([1, 6, 0, 7], [0, 0]),
        ([1, 5, 0, 7], [0, 0]), ([0, 2, 0, 0], [2, 0]), ([0, 2, 1, 1], [0, 0]), ([2, 1, 3, 0], [0, 0]),
        ([2, 0, 3, 0], [0, 1]), ([1, 1, 4, 0], [0, 2]),
    ])
    func `each one wants one more, and what nobody wants any more goes`(counts: [Int], actions: [Int]) {
        let preset = preset(desired: counts[0], waiting: counts[1], running: counts[2], starting: counts[3])
        let plan = Fixtures.plan(preset).presets[0]
        #expect([plan.creations, plan.deletions.count] == actions)
        #expect([plan.state.desired, plan.state.waiting] == [counts[0], counts[1]])
    }

    @Test func `an expired prebuild serves nobody`() {
        let preset = preset(waiting: 2, running: 3).with { $0.ttlSeconds = 60 }
        #expect(Fixtures.plan(preset).presets[0].creations == 3)
    }

    @Test func `a hard limit, a pause, a quota and a cap hold`() {
        let limited = preset(waiting: 5).with { $0.status = .hardLimited }
        #expect(Fixtures.plan(limited).presets[0].creations == 0)
        let paused = preset(waiting: 5).with { $0.pausedUntil = .distantFuture }
        #expect(Fixtures.plan(paused).presets[0].withheld.map(\.count) == [6])
        let snapshot = Snapshot(presets: [preset(waiting: 5)], prebuildQuotas: [Fixtures.id(1): 4])
        #expect(Plan(snapshot: snapshot, now: Fixtures.now, limits: .none).presets[0].creations == 4)
        var limits = PlanLimits.none
        limits.maxPendingJobs = 2
        #expect(Fixtures.plan(preset(waiting: 5), limits: limits).presets[0].creations == 2)
    }

    /// Orders for claims that wait are many, and all of them are in vain until the first is ready.
    @Test func `the runaway brake allows for them`() {
        let busy = preset(waiting: 30, starting: 30).with { $0.ordersInVain = 30 }
        #expect(Fixtures.plan(busy).presets[0].creations == 1)
        #expect(Fixtures.plan(busy).presets[0].status == .healthy)
    }
}
