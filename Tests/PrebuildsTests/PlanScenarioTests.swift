// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Testing
import Time

/// The acceptance scenarios, as far as they are decisions.
@Suite struct PlanScenarioTests {
    private func instant(_ text: String) throws -> Instant {
        try #require(Instant(iso8601: text))
    }

    @Test func `without presets nothing is done`() {
        #expect(Fixtures.plan() == Plan(now: Fixtures.now, presets: []))
        #expect(Fixtures.plan().isEmpty)
        #expect(Fixtures.plan(Fixtures.preset(desired: 0)).isEmpty)
        #expect(Fixtures.plan(Fixtures.preset(desired: -1)).isEmpty)
    }

    @Test func `presets of one version do not count each other's builds`() {
        let plan = Fixtures.plan(
            Fixtures.preset(1, desired: 4).with { $0.starting = 4 },
            Fixtures.preset(2, desired: 10)
        )
        #expect(plan.presets.map(\.actions) == [[], [.create(10)]])
        #expect(plan.presets.map(\.state) == [PoolState(desired: 4, starting: 4), PoolState(desired: 10)])
    }

    @Test(arguments: [
        ("01:00", 1, 1), ("03:00", 2, 1), ("07:00", 3, 1), ("11:00", 1, 4), ("15:00", 1, 5),
        ("01:59:59.999999", 1, 1), ("02:00", 2, 1), ("04:59:59.999999", 2, 1), ("05:00", 1, 1),
    ])
    func `schedules of two presets`(time: String, first: Int, second: Int) throws {
        let presets = [
            Fixtures.preset(1, desired: 1).with {
                $0.timeZone = "UTC"
                $0.schedules = [
                    ScheduleRow(cronExpression: "* 2-4 * * 1-5", desiredInstances: 2),
                    ScheduleRow(cronExpression: "* 6-8 * * 1-5", desiredInstances: 3),
                ]
            },
            Fixtures.preset(2, desired: 1).with {
                $0.timeZone = "UTC"
                $0.schedules = [
                    ScheduleRow(cronExpression: "* 10-12 * * 1-5", desiredInstances: 4),
                    ScheduleRow(cronExpression: "* 14-16 * * 1-5", desiredInstances: 5),
                ]
            },
        ]
        let now = try instant("2025-06-02T\(time.utf8.count == 5 ? time + ":00" : time)Z")
        let plan = Plan(snapshot: Snapshot(presets: presets), now: now, limits: .none)
        #expect(plan.presets.map(\.state.desired) == [first, second])
        #expect(plan.presets.map(\.actions) == [[.create(first)], [.create(second)]])
        // At the weekend the default holds.
        let sunday = Plan(snapshot: Snapshot(presets: presets), now: now - .seconds(86_400), limits: .none)
        #expect(sunday.presets.map(\.state.desired) == [1, 1])
    }

    @Test func `a preset that lacks a required parameter creates nothing and is marked`() throws {
        let plan = Fixtures.plan(Fixtures.preset(desired: 2).with { $0.values = [:] })
        let message = "parameter 'test' is required: the preset gives no value and the version no default"
        #expect(
            plan.presets == [
                PresetPlan(
                    pool: Fixtures.pool(),
                    isActive: true,
                    status: .validationFailed,
                    statusChange: StatusChange(from: .healthy, to: .validationFailed, message: message),
                    state: PoolState(desired: 2),
                    withheld: [Withheld(.create, count: 2, reason: .validationFailed, message: message)]
                )
            ]
        )
    }

    @Test func `a prebuild of an old version is deleted although its preset could not be built`() throws {
        let old = Fixtures.preset(1, desired: 1, isActive: false).with { $0.running = [Fixtures.prebuild(1)] }
        let new = Fixtures.preset(2, desired: 1).with { $0.values = [:] }
        for invalid in [old, old.with { $0.values = [:] }] {
            let plan = Fixtures.plan(invalid, new)
            #expect(plan.presets[0].actions == [.delete(.inactive, [Fixtures.prebuild(1)])])
            #expect(plan.presets[0].statusChange == nil)
            #expect(plan.presets[1].actions == [])
        }
    }

    @Test func `one failure at a limit of one stops a preset, once`() {
        let limits = PlanLimits(backoffInterval: .zero, backoffLookback: .zero, failureHardLimit: 1)
        let preset = Fixtures.preset(desired: 1).with { $0.startBuilds = [Fixtures.build(9, hasFailed: true)] }
        let first = Fixtures.plan(preset, limits: limits).presets[0]
        #expect(first.actions == [])
        #expect(first.reasons == [.hardLimited])
        #expect(first.status == .hardLimited)
        #expect(first.statusChange?.from == .healthy)
        #expect(first.statusChange?.to == .hardLimited)
        #expect(first.statusChange?.failedBuilds == [Fixtures.id(9)])

        let marked = preset.with {
            $0.status = .hardLimited
            $0.limitTrialAt = first.statusChange?.trialAt
        }
        let later = Fixtures.plan(marked, limits: limits).presets[0]
        #expect(later.statusChange == nil)
        #expect(later.actions == [])
        #expect(later.withheld == first.withheld)
    }

    @Test func `one failure at a limit of two is tried again`() {
        let limits = PlanLimits(backoffInterval: .zero, backoffLookback: .zero, failureHardLimit: 2)
        let preset = Fixtures.preset(desired: 1).with { $0.startBuilds = [Fixtures.build(9, hasFailed: true)] }
        let first = Fixtures.plan(preset, limits: limits).presets[0]
        #expect(first.actions == [.create(1)])
        #expect(first.statusChange == nil)
        // The next pass sees the new build pending.
        let next = preset.with {
            $0.starting = 1
            $0.startBuilds.insert(Fixtures.build(10, createdAt: Fixtures.now, hasFailed: false), at: 0)
        }
        #expect(Fixtures.plan(next, limits: limits).isEmpty)
    }

    @Test func `a hard limit holds up no deletion`() {
        let limits = PlanLimits(backoffInterval: .zero, backoffLookback: .zero, failureHardLimit: 1)
        let preset = Fixtures.preset(desired: 2).with {
            $0.running = [Fixtures.prebuild(1)]
            $0.startBuilds = [
                Fixtures.build(2, createdAt: Fixtures.twoHoursAgo + .seconds(1), hasFailed: true),
                Fixtures.build(1, hasFailed: false),
            ]
        }
        let active = Fixtures.plan(preset, limits: limits).presets[0]
        #expect(active.statusChange?.to == .hardLimited)
        #expect(active.actions == [])
        #expect(active.withheld.map(\.count) == [1])

        let outdated = preset.with {
            $0.isActive = false
            $0.status = .hardLimited
        }
        let plan = Fixtures.plan(outdated, limits: limits).presets[0]
        #expect(plan.actions == [.delete(.inactive, [Fixtures.prebuild(1)])])
        #expect(plan.status == .hardLimited)
        #expect(plan.statusChange == nil)
        #expect(plan.withheld == [])
    }

    @Test func `a preset waits after failures, for longer after more`() {
        let limits = PlanLimits(backoffLookback: .seconds(20 * 3_600), failureHardLimit: 0)
        let now = Fixtures.now
        let failures = [
            Fixtures.build(2, createdAt: now, hasFailed: true), Fixtures.build(1, createdAt: now, hasFailed: true),
        ]
        let preset = Fixtures.preset(desired: 2).with {
            $0.startBuilds = failures
            $0.recentFailures = 2
        }
        let until = now + .seconds(120)
        for (moment, actions) in [(now, []), (now + .seconds(1), []), (until, []), (until + .seconds(1), [.create(2)])]
            as [(Instant, [PresetAction])]
        {
            let plan = Fixtures.plan(preset, at: moment, limits: limits).presets[0]
            #expect(plan.state == PoolState(desired: 2))
            #expect(plan.actions == actions)
            #expect(plan.backoff == (actions.isEmpty ? Backoff(failures: 2, lastBuildAt: now, until: until) : nil))
            #expect(plan.withheld.map(\.until) == (actions.isEmpty ? [until] : []))
            #expect(plan.withheld.map(\.failures) == (actions.isEmpty ? [2] : []))
        }
        // One of the next two fails, one succeeds.
        let later = until + .seconds(1)
        let next = preset.with {
            $0.running = [Fixtures.prebuild(4, createdAt: later)]
            $0.startBuilds = [
                Fixtures.build(4, createdAt: later, hasFailed: false),
                Fixtures.build(3, createdAt: later, hasFailed: true),
            ]
            $0.recentFailures = 3
        }
        let plan = Fixtures.plan(next, at: later, limits: limits).presets[0]
        #expect(plan.state == PoolState(actual: 1, desired: 2, eligible: 1))
        #expect(plan.actions == [])
        #expect(plan.backoff == Backoff(failures: 3, lastBuildAt: later, until: later + .seconds(180)))
    }

    @Test(arguments: [
        (2, 2, 0, 0, 0), (2, 2, 1, 0, 1), (2, 2, 2, 0, 2), (4, 2, 2, 0, 0), (4, 2, 1, 1, 0),
    ])
    func `expired prebuilds are replaced and extraneous ones given up`(
        running: Int,
        desired: Int,
        expired: Int,
        extraneous: Int,
        created: Int
    ) {
        let old = (0..<expired).map {
            Fixtures.prebuild($0, createdAt: Fixtures.now - .seconds(10_860 - $0))
        }
        let fresh = (expired..<running).map {
            Fixtures.prebuild($0, createdAt: Fixtures.twoHoursAgo + .seconds($0))
        }
        let preset = Fixtures.preset(desired: desired).with {
            $0.ttlSeconds = 10_800
            $0.running = (old + fresh).reversed()
        }
        var actions: [PresetAction] = []
        if expired > 0 { actions.append(.delete(.expired, old)) }
        if extraneous > 0 { actions.append(.delete(.extraneous, Array(fresh.prefix(extraneous)))) }
        if created > 0 { actions.append(.create(created)) }
        let plan = Fixtures.plan(preset).presets[0]
        #expect(plan.actions == actions)
        #expect(plan.state.actual == running)
        #expect(plan.state.expired == expired)
        #expect(plan.state.extraneous == extraneous)
        #expect(plan.state.eligible == running - expired)
    }
}
