// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Testing
import Time

/// The builds that a hard limit lets through.
@Suite struct LimitTrialTests {
    private let now = Fixtures.now

    private func preset(trials: Int = 0, due: Duration = .zero, _ change: (inout PresetSnapshot) -> Void = { _ in })
        -> PresetSnapshot
    {
        Fixtures.preset(desired: 3).with {
            $0.status = .hardLimited
            $0.limitTrials = trials
            $0.limitTrialAt = now + due
            change(&$0)
        }
    }

    @Test(arguments: [(0, 1_800), (1, 3_600), (2, 7_200), (3, 14_400), (4, 21_600), (60, 21_600)])
    func `the time doubles up to six hours`(trials: Int, next: Int) {
        let plan = Fixtures.plan(preset(trials: trials)).presets[0]
        #expect(plan.creations == 1)
        #expect(plan.nextTrialAt == now + .seconds(next))
        #expect(plan.withheld.map(\.count) == [2])
        #expect(plan.withheld.map(\.until) == [now + .seconds(next)])
    }

    @Test func `none before its time, beside another, in a pause, or where the last failed as INVALID`() {
        let waiting = Fixtures.plan(preset(due: .seconds(1))).presets[0]
        #expect(waiting.creations == 0)
        #expect(waiting.withheld.map(\.until) == [now + .seconds(1)])
        for held in [
            preset { $0.starting = 1 },
            preset { $0.pausedUntil = .distantFuture },
            preset { $0.limitTrialAt = nil },
            preset { $0.values = [:] },
            preset {
                $0.startBuilds = [
                    StartBuild(buildID: Fixtures.id(1), createdAt: now, hasFailed: true, isInvalid: true)
                ]
            },
        ] {
            let plan = Fixtures.plan(held).presets[0]
            #expect(plan.creations == 0)
            #expect(plan.nextTrialAt == nil)
        }
    }

    @Test func `a build that succeeded ends the limit, and what is missing is built at once`() {
        let plan = Fixtures.plan(preset(due: .seconds(900)) { $0.hasRecovered = true }).presets[0]
        #expect(plan.statusChange?.from == .hardLimited)
        #expect(plan.statusChange?.to == .healthy)
        #expect(plan.creations == 3)
        #expect(plan.nextTrialAt == nil)
    }

    @Test func `evidence is the newest few of those that failed lately`() {
        var limits = PlanLimits.none
        limits.keepFailed = 2
        limits.keepFailedFor = .seconds(100)
        for isActive in [true, false] {
            let preset = Fixtures.preset(desired: 0, isActive: isActive).with {
                $0.evidence = [(1, 10), (2, 40), (3, 100), (4, 20)].map { number, age in
                    FailedPrebuild(prebuild: Fixtures.prebuild(number), failedAt: now - .seconds(age))
                }
            }
            #expect(
                Fixtures.plan(preset, limits: limits).presets[0].actions == [
                    .delete(.failed, [Fixtures.prebuild(2), Fixtures.prebuild(3)])
                ]
            )
            limits.keepFailed = 4
            #expect(Fixtures.plan(preset, limits: limits).presets[0].deletions == [Fixtures.prebuild(3)])
            limits.keepFailed = 2
        }
    }
}
