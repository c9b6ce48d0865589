// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Testing
import Time

@Suite struct PlanRuleTests {
    private let now = Fixtures.now

    private func schedule(_ rows: (String, Int)...) -> [ScheduleRow] {
        rows.map { ScheduleRow(cronExpression: $0.0, desiredInstances: $0.1) }
    }

    // MARK: - Age

    @Test func `a prebuild expires strictly after its time to live`() {
        let preset = Fixtures.preset(desired: 1).with {
            $0.ttlSeconds = 7_200
            $0.running = [Fixtures.prebuild(1)]
        }
        #expect(Fixtures.plan(preset).isEmpty)
        let later = Fixtures.plan(preset, at: now + .microseconds(1)).presets[0]
        #expect(later.actions == [.delete(.expired, preset.running), .create(1)])
        #expect(later.state == PoolState(actual: 1, expired: 1, desired: 1))
        for ttl in [0, -1] {
            #expect(Fixtures.plan(preset.with { $0.ttlSeconds = ttl }, at: now + .seconds(9)).isEmpty)
        }
    }

    @Test func `an invalidation expires what was created before it`() {
        let preset = Fixtures.preset(desired: 1).with {
            $0.running = [Fixtures.prebuild(1)]
            $0.lastInvalidatedAt = Fixtures.twoHoursAgo
        }
        #expect(Fixtures.plan(preset).isEmpty)
        let invalidated = preset.with { $0.lastInvalidatedAt = Fixtures.twoHoursAgo + .microseconds(1) }
        #expect(Fixtures.plan(invalidated).presets[0].state.expired == 1)
        // The later of the two limits counts.
        let both = preset.with { $0.ttlSeconds = 7_199 }
        #expect(Fixtures.plan(both).presets[0].state.expired == 1)
    }

    @Test func `an inactive preset gives up everything, oldest first, and counts what has expired`() {
        let preset = Fixtures.preset(desired: 5, isActive: false).with {
            $0.ttlSeconds = 7_200
            $0.running = [
                Fixtures.prebuild(3), Fixtures.prebuild(2),
                Fixtures.prebuild(1, createdAt: Fixtures.twoHoursAgo + .seconds(1)),
                Fixtures.prebuild(4, createdAt: Fixtures.twoHoursAgo - .seconds(1)),
            ]
            $0.starting = 1
            $0.stopping = 2
            $0.deleting = 3
            $0.schedules = schedule(("nonsense", 9))
        }
        let plan = Fixtures.plan(preset).presets[0]
        #expect(plan.state == PoolState(actual: 4, expired: 1, starting: 1, stopping: 2, deleting: 3))
        #expect(plan.actions.count == 1)
        #expect(plan.deletedWorkspaces == [4, 2, 3, 1].map { Fixtures.id($0) })
        #expect(plan.withheld == [] && plan.warnings == [] && plan.statusChange == nil)
    }

    // MARK: - Numbers

    @Test func `stopping and deleting never change the numbers`() {
        let preset = Fixtures.preset(desired: 3).with {
            $0.running = [Fixtures.prebuild(1, isEligible: false)]
            $0.starting = 1
            $0.stopping = 7
            $0.deleting = 8
        }
        let plan = Fixtures.plan(preset).presets[0]
        #expect(plan.actions == [.create(1)])
        #expect(plan.state == PoolState(actual: 1, desired: 3, starting: 1, stopping: 7, deleting: 8))
        #expect(plan.state.isDepleted)
    }

    @Test func `too many starting ones are left alone`() {
        let preset = Fixtures.preset(desired: 1).with {
            $0.running = [Fixtures.prebuild(1)]
            $0.starting = 5
        }
        #expect(Fixtures.plan(preset).isEmpty)
    }

    // MARK: - Schedules

    @Test func `overlapping rows are reported and the largest count wins`() {
        let preset = Fixtures.preset(desired: 1).with {
            $0.schedules = schedule(("* 9-13 * * *", 2), ("* 12 * * 1-5", 4), ("* 11-12 * * *", 0))
        }
        let plan = Fixtures.plan(preset).presets[0]
        #expect(plan.state.desired == 4)
        #expect(plan.actions == [.create(4)])
        #expect(
            plan.warnings == [
                "schedules '* 9-13 * * *' and '* 12 * * 1-5' overlap: both cover Monday 1 January, 12:00 to 12:59",
                "schedules '* 9-13 * * *' and '* 11-12 * * *' overlap: both cover Sunday 1 January, 11:00 to 11:59",
                "schedules '* 12 * * 1-5' and '* 11-12 * * *' overlap: both cover Monday 1 January, 12:00 to 12:59",
            ]
        )
    }

    @Test func `a schedule that cannot be read leaves the default count, and nothing is created`() {
        let unreadable = Fixtures.preset(desired: 1).with {
            $0.schedules = schedule(("* * * * *", 5), ("* 25 * * *", 9))
        }
        let message = "schedule '* 25 * * *': hour, character 3: '25' is not within 0 to 23"
        let plan = Fixtures.plan(unreadable).presets[0]
        #expect(plan.state.desired == 1)
        #expect(plan.actions == [])
        #expect(plan.withheld == [Withheld(.create, count: 1, reason: .validationFailed, message: message)])
        #expect(plan.statusChange == StatusChange(from: .healthy, to: .validationFailed, message: message))

        let full = unreadable.with { $0.running = [Fixtures.prebuild(1), Fixtures.prebuild(2)] }
        #expect(Fixtures.plan(full).presets[0].actions == [.delete(.extraneous, [Fixtures.prebuild(1)])])
    }

    @Test func `a zone matters where there is a schedule`() throws {
        let preset = Fixtures.preset(desired: 1).with { $0.timeZone = "Asia/Kolkata" }
        #expect(Fixtures.plan(preset).presets[0].actions == [.create(1)])
        let scheduled = preset.with { $0.schedules = schedule(("* 17 * * 1", 3)) }
        #expect(Fixtures.plan(scheduled).presets[0].reasons == [.validationFailed])
        let zones = ["Asia/Kolkata": try TimeZoneFixtures.kolkata.rules]
        #expect(Fixtures.plan(scheduled, zones: zones).presets[0].actions == [.create(3)])
        #expect(Fixtures.plan(scheduled.with { $0.timeZone = "" }, zones: zones).presets[0].actions == [.create(1)])
    }

    @Test func `a snapshot knows the zones that its plan needs`() {
        func preset(_ zone: String, isActive: Bool = true, scheduled: Bool = true) -> PresetSnapshot {
            Fixtures.preset(desired: 1, isActive: isActive).with {
                $0.timeZone = zone
                $0.schedules = scheduled ? [ScheduleRow(cronExpression: "* 9 * * *", desiredInstances: 1)] : []
            }
        }
        let presets = [
            preset("Asia/Tokyo"), preset("Asia/Tokyo"), preset(""), preset("UTC", scheduled: false),
            preset("Asia/Seoul", isActive: false), preset("Europe/Oslo"),
        ]
        #expect(Snapshot(presets: presets).timeZones == ["Asia/Tokyo", "Europe/Oslo"])
    }

    @Test func `the next edge is the first within an hour at which a count changes`() {
        let early = Fixtures.preset(1, desired: 1).with { $0.schedules = schedule(("* 13 * * *", 2)) }
        let same = Fixtures.preset(2, desired: 1).with { $0.schedules = schedule(("* 13 * * *", 1)) }
        let edge = now + .seconds(3_600)
        let before = edge - .seconds(10)
        #expect(Fixtures.plan(early, at: now).nextScheduleEdge == nil)
        #expect(Fixtures.plan(same, early, same, at: before).nextScheduleEdge == edge)
        #expect(Fixtures.plan(same, at: before).nextScheduleEdge == nil)
        #expect(Fixtures.plan(early.with { $0.isActive = false }, at: before).nextScheduleEdge == nil)
        #expect(Fixtures.plan(early, at: edge + .seconds(3_590)).nextScheduleEdge == edge + .seconds(3_600))
    }

    @Test func `a schedule's problems are all told at once, with row and position`() {
        #expect(PoolSchedule.problems(of: schedule(("* 9 * * *", 1), ("* 10 * * *", 2))) == [])
        #expect(
            PoolSchedule.problems(of: schedule(("0 9 * * *", 1), ("* 9 31 2 *", 1), ("* 9 * * *", 1), ("* 9 1 * *", 1)))
                == [
                    ScheduleProblem(
                        row: 0,
                        position: 1,
                        message:
                            "schedule '0 9 * * *': minute, character 1: '0' must be '*': a schedule covers whole hours"
                    ),
                    ScheduleProblem(row: 1, position: nil, message: "schedule '* 9 31 2 *' names no date that exists"),
                    ScheduleProblem(
                        row: 3,
                        position: nil,
                        message: "schedules '* 9 * * *' and '* 9 1 * *' overlap: "
                            + "both cover Sunday 1 January, 09:00 to 09:59"
                    ),
                ]
        )
    }

    // MARK: - Withholding

    @Test func `a paused template creates nothing and deletes as ever`() {
        let preset = Fixtures.preset(desired: 2).with {
            $0.ttlSeconds = 60
            $0.running = [Fixtures.prebuild(1)]
            $0.pausedUntil = now + .seconds(1)
        }
        let plan = Fixtures.plan(preset).presets[0]
        #expect(plan.actions == [.delete(.expired, preset.running)])
        #expect(
            plan.withheld == [
                Withheld(
                    .create,
                    count: 2,
                    reason: .paused,
                    until: now + .seconds(1),
                    message: "The pools of template 'go-dev' are paused until 2025-06-02T12:00:01Z. "
                        + "`stoker prebuilds resume --template go-dev` ends it."
                )
            ]
        )
        #expect(Fixtures.plan(preset, at: now + .seconds(1)).presets[0].creations == 2)
        let endless = Fixtures.plan(preset.with { $0.pausedUntil = .distantFuture }).presets[0].withheld
        #expect(endless.map(\.until) == [nil])
        #expect(endless[0].message.hasPrefix("The pools of template 'go-dev' are paused. "))
    }

    @Test(arguments: [(VersionReadiness.importing, "still being imported"), (.importFailed, "did not succeed")])
    func `a version that is not imported creates nothing and is not validated`(
        readiness: VersionReadiness,
        words: String
    ) {
        let preset = Fixtures.preset(desired: 1).with {
            $0.versionReadiness = readiness
            $0.parameters = []
            $0.values = [:]
        }
        for status in [PrebuildStatus.healthy, .validationFailed] {
            let plan = Fixtures.plan(preset.with { $0.status = status }).presets[0]
            #expect(plan.actions == [])
            #expect(plan.reasons == [.versionNotReady])
            #expect(plan.withheld[0].message.contains(words))
            #expect(plan.status == status && plan.statusChange == nil)
        }
    }

    @Test func `every reason that applies is told, and none when nothing is missing`() {
        let limits = PlanLimits(failureHardLimit: 1)
        let preset = Fixtures.preset(desired: 1).with {
            $0.pausedUntil = now + .seconds(1)
            $0.values = [:]
            $0.startBuilds = [Fixtures.build(1, createdAt: now, hasFailed: true)]
            $0.recentFailures = 1
        }
        #expect(
            Fixtures.plan(preset, limits: limits).presets[0].reasons
                == [.paused, .backoff, .hardLimited, .validationFailed]
        )
        let full = Fixtures.plan(preset.with { $0.starting = 1 }, limits: limits).presets[0]
        #expect(full.withheld == [] && full.actions == [])
        #expect(full.backoff?.until == now + .seconds(60))
    }

    // MARK: - Status

    @Test func `a preset whose fault is mended is healthy again`() {
        let preset = Fixtures.preset(desired: 1).with {
            $0.status = .validationFailed
            $0.statusMessage = "it was wrong"
        }
        let plan = Fixtures.plan(preset).presets[0]
        #expect(plan.statusChange == StatusChange(from: .validationFailed, to: .healthy, message: ""))
        #expect(plan.status == .healthy)
        #expect(plan.actions == [.create(1)])
    }

    @Test func `an invalid preset is written again only when its message changes`() {
        let preset = Fixtures.preset(desired: 1).with {
            $0.values = [:]
            $0.status = .validationFailed
            $0.statusMessage = "another fault"
        }
        let change = Fixtures.plan(preset).presets[0].statusChange
        #expect(change?.from == .validationFailed && change?.to == .validationFailed)
        let settled = Fixtures.plan(preset.with { $0.statusMessage = change?.message ?? "" }).presets[0]
        #expect(settled.statusChange == nil && settled.status == .validationFailed)
    }

    @Test func `a hard limited preset waits for its reset, whatever else mends`() {
        let preset = Fixtures.preset(desired: 1).with { $0.status = .hardLimited }
        for limit in [0, 3] {
            let plan = Fixtures.plan(preset, limits: PlanLimits(failureHardLimit: limit)).presets[0]
            #expect(plan.reasons == [.hardLimited])
            #expect(plan.statusChange == nil)
        }
    }
}
