// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Testing
import Time

/// Orders that are no longer wanted, and deletions that were canceled.
@Suite struct RemovalTests {
    private func order(_ number: Int, hasBegun: Bool = false) -> PendingOrder {
        PendingOrder(
            workspaceID: Fixtures.id(number),
            buildID: Fixtures.id(number),
            createdAt: Fixtures.twoHoursAgo,
            hasBegun: hasBegun
        )
    }

    @Test func `orders of a preset that is not active are canceled, and what was begun is deleted`() {
        let preset = Fixtures.preset(desired: 3, isActive: false).with {
            $0.pendingOrders = [order(3, hasBegun: true), order(2)]
            $0.running = [Fixtures.prebuild(1)]
            $0.starting = 2
        }
        let plan = Fixtures.plan(preset).presets[0]
        #expect(plan.cancellations.map(\.workspaceID) == [Fixtures.id(2), Fixtures.id(3)])
        #expect(plan.deletedWorkspaces == [Fixtures.id(1), Fixtures.id(3)])
        #expect(!plan.isEmpty)
    }

    @Test(arguments: [true, false])
    func `a deletion that was canceled is ordered again, active or not`(isActive: Bool) {
        let preset = Fixtures.preset(desired: 0, isActive: isActive).with {
            $0.abandonedDeletions = [Fixtures.prebuild(7)]
        }
        #expect(Fixtures.plan(preset).presets[0].actions == [.delete(.deletionCanceled, [Fixtures.prebuild(7)])])
    }

    @Test func `a pause holds them all, and says so`() {
        let preset = Fixtures.preset(desired: 0, isActive: false).with {
            $0.pendingOrders = [order(1), order(2)]
            $0.abandonedDeletions = [Fixtures.prebuild(3)]
        }
        let pause = FleetPause(kind: .reconciliation, until: nil, reason: "", orderedBy: nil)
        let plan = Plan(snapshot: Snapshot(presets: [preset], pause: pause), now: Fixtures.now, limits: .none).presets[
            0
        ]
        #expect(plan.actions == [])
        #expect(plan.withheld.map(\.change) == [.cancel, .delete])
        #expect(plan.withheld.map(\.count) == [2, 1])
    }

    @Test func `orders that are canceled make room under the bound on waiting jobs`() {
        let old = Fixtures.preset(1, desired: 2, isActive: false).with {
            $0.pendingOrders = [order(1), order(2)]
            $0.starting = 2
        }
        let new = Fixtures.preset(2, desired: 2)
        var limits = PlanLimits.none
        limits.maxPendingJobs = 2
        let plan = Plan(snapshot: Snapshot(presets: [old, new], pendingJobs: 2), now: Fixtures.now, limits: limits)
        #expect(plan.presets[1].creations == 2)
    }

    @Test func `what failed or was canceled is counted`() {
        for isActive in [true, false] {
            let preset = Fixtures.preset(desired: 0, isActive: isActive).with {
                $0.failed = 2
                $0.canceled = 3
            }
            #expect(Fixtures.plan(preset).presets[0].state == PoolState(failed: 2, canceled: 3))
        }
    }

    @Test func `moments at the ends of time end no plan`() {
        let never = Instant.distantFuture
        let preset = Fixtures.preset(desired: 1).with {
            $0.startBuilds = [Fixtures.build(1, createdAt: never, hasFailed: true)]
            $0.recentFailures = 3
            $0.lastInvalidatedAt = Instant(microseconds: .min)
        }
        let limits = PlanLimits(backoffInterval: .seconds(60), failureHardLimit: 0)
        #expect(Fixtures.plan(preset, limits: limits).presets[0].backoff?.until == never)
        #expect("\(Instant(microseconds: .min))".hasPrefix("-"))
        #expect(Instant(microseconds: .min) - .seconds(1) == Instant(microseconds: .min))
    }
}
