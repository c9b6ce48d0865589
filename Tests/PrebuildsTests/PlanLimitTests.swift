// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Testing
import Time

/// What presets share: the fleet's pause, the cap on the queue, and the quotas of organizations.
@Suite struct PlanLimitTests {
    private let now = Fixtures.now

    private func plan(_ snapshot: Snapshot, maxPendingJobs: Int = 0) -> Plan {
        var limits = PlanLimits.none
        limits.maxPendingJobs = maxPendingJobs
        return Plan(snapshot: snapshot, now: now, limits: limits)
    }

    private func creations(_ desired: [Int], pending: Int = 0, max: Int) -> [Int] {
        let presets = desired.enumerated().map { Fixtures.preset($0.offset + 1, desired: $0.element) }
        return plan(Snapshot(presets: presets, pendingJobs: pending), maxPendingJobs: max).presets.map(\.creations)
    }

    // MARK: - Pause

    @Test func `a paused fleet changes nothing and says what it would`() {
        let pause = FleetPause(
            kind: .reconciliation,
            until: now + .seconds(60),
            reason: "storage is full",
            orderedBy: "alice"
        )
        let presets = [
            Fixtures.preset(1, desired: 3).with {
                $0.ttlSeconds = 60
                $0.running = [Fixtures.prebuild(1)]
            },
            Fixtures.preset(2, desired: 1, isActive: false).with {
                $0.running = [Fixtures.prebuild(2), Fixtures.prebuild(3)]
            },
            Fixtures.preset(3, desired: 1).with { $0.values = [:] },
        ]
        let plan = plan(Snapshot(presets: presets, pause: pause))
        let message =
            "All pools are paused until 2025-06-02T12:01:00Z by alice (storage is full). "
            + "`stoker prebuilds resume` ends it."
        func paused(_ change: Withheld.Change, _ count: Int) -> Withheld {
            Withheld(change, count: count, reason: .paused, until: now + .seconds(60), message: message)
        }
        #expect(plan.isEmpty)
        #expect(plan.pause == pause)
        #expect(plan.presets[0].withheld == [paused(.delete, 1), paused(.create, 3)])
        #expect(plan.presets[0].state == PoolState(actual: 1, expired: 1, desired: 3))
        #expect(plan.presets[1].withheld == [paused(.delete, 2)])
        #expect(plan.presets[2].reasons == [.paused, .validationFailed])
        #expect(plan.presets[2].status == .healthy)
    }

    @Test func `a pause ends by itself`() {
        func creates(until: Instant?) -> Bool {
            let pause = FleetPause(kind: .maintenance, until: until)
            return !plan(Snapshot(presets: [Fixtures.preset(desired: 1)], pause: pause)).isEmpty
        }
        #expect(!creates(until: nil))
        #expect(!creates(until: now + .microseconds(1)))
        #expect(creates(until: now))
    }

    @Test func `maintenance is told apart from a pause`() {
        let snapshot = Snapshot(presets: [Fixtures.preset(desired: 1)], pause: FleetPause(kind: .maintenance))
        let messages = plan(snapshot).presets[0].withheld.map(\.message)
        #expect(messages == ["The fleet is in maintenance. `stoker maintenance stop` ends it."])
    }

    // MARK: - Cap

    @Test(arguments: [
        ([3, 3], 0, 0, [3, 3]), ([3, 3], 0, 6, [3, 3]), ([3, 3], 0, 4, [2, 2]), ([3, 3], 0, 5, [2, 3]),
        ([3, 3], 4, 5, [0, 1]), ([3, 3], 5, 5, [0, 0]), ([3, 3], 9, 5, [0, 0]),
        ([100, 1, 2], 0, 10, [7, 1, 2]), ([100, 50, 2], 0, 11, [5, 4, 2]), ([5, 0, 5], 0, 1, [0, 0, 1]),
    ])
    func `the room in the queue is shared fairly`(desired: [Int], pending: Int, max: Int, expected: [Int]) {
        #expect(creations(desired, pending: pending, max: max) == expected)
    }

    @Test func `what the cap withholds is told`() {
        let snapshot = Snapshot(
            presets: [Fixtures.preset(1, desired: 3), Fixtures.preset(2, desired: 1)],
            pendingJobs: 8
        )
        let presets = plan(snapshot, maxPendingJobs: 10).presets
        let message =
            "8 start jobs of prebuilds wait in the queue, 10 may wait at once (prebuilds.max_pending_jobs), "
            + "and other pools have their share of the rest."
        #expect(presets[0].actions == [.create(1)])
        #expect(presets[0].withheld == [Withheld(.create, count: 2, reason: .capped, message: message)])
        #expect(presets[1].actions == [.create(1)])
        #expect(presets[1].withheld == [])
    }

    @Test func `the cap holds up no deletion, and who may not create takes no share`() {
        let invalid = Fixtures.preset(1, desired: 9).with {
            $0.values = [:]
            $0.ttlSeconds = 60
            $0.running = [Fixtures.prebuild(1)]
        }
        let presets = plan(Snapshot(presets: [invalid, Fixtures.preset(2, desired: 4)]), maxPendingJobs: 4).presets
        #expect(presets[0].actions == [.delete(.expired, invalid.running)])
        #expect(presets[0].reasons == [.validationFailed])
        #expect(presets[1].actions == [.create(4)])
    }

    // MARK: - Quota

    @Test func `an organization holds no more than its quota, whatever becomes of what it holds`() {
        func preset(_ number: Int, organization: Int, desired: Int) -> PresetSnapshot {
            Fixtures.preset(number, desired: desired).with {
                $0.pool = Fixtures.pool(number, organization: organization)
            }
        }
        let old = preset(1, organization: 1, desired: 9).with {
            $0.isActive = false
            $0.running = [Fixtures.prebuild(1)]
            $0.starting = 1
            $0.stopping = 1
            $0.deleting = 1
        }
        let snapshot = Snapshot(
            presets: [
                old, preset(2, organization: 1, desired: 1), preset(3, organization: 1, desired: 5),
                preset(4, organization: 2, desired: 7), preset(5, organization: 3, desired: 2),
            ],
            prebuildQuotas: [Fixtures.id(1): 7, Fixtures.id(3): 0, Fixtures.id(9): 1]
        )
        let presets = plan(snapshot).presets
        #expect(presets.map(\.creations) == [0, 1, 2, 7, 0])
        #expect(presets[0].actions == [.delete(.inactive, old.running)])
        #expect(presets.map { $0.withheld.map(\.count) } == [[], [], [3], [], [2]])
        #expect(
            presets[2].withheld[0].message
                == "Organization 'org-1' holds 4 prebuilds, 7 are allowed (its prebuild_quota), "
                + "and other pools have their share of the rest."
        )
        // Then the cap, on what the quota leaves.
        let capped = plan(snapshot, maxPendingJobs: 4).presets
        #expect(capped.map(\.creations) == [0, 1, 1, 2, 0])
        #expect(capped.map(\.reasons) == [[], [], [.quota, .capped], [.capped], [.quota]])
    }

    // MARK: - Some pools

    /// The same two pools, whose organizations have quotas of 4 and 5, beside what all pools have.
    private func some(pending: Int, held: [Int], maxPendingJobs: Int) -> Plan {
        let presets = [1, 2].map { number in
            Fixtures.preset(number, desired: 2).with { $0.pool = Fixtures.pool(number, organization: number) }
        }
        let held = held.enumerated().map { (OrganizationID(high: 0, low: UInt64($0.offset + 1)), $0.element) }
        let snapshot = Snapshot(
            presets: presets,
            totals: FleetTotals(pendingJobs: pending, prebuilds: Dictionary(uniqueKeysWithValues: held)),
            prebuildQuotas: [Fixtures.id(1): 4, Fixtures.id(2): 5]
        )
        return plan(snapshot, maxPendingJobs: maxPendingJobs)
    }

    @Test(arguments: [
        // Up to the limits, and beyond each of them.
        (6, [2, 3], 10, [1, 2]), (7, [2, 3], 10, []), (7, [2, 3], 0, [1, 2]), (6, [3, 3], 10, [2]),
        (6, [2, 4], 10, [1]),
        // An organization about which nothing is known.
        (6, [2], 10, [1]),
    ])
    func `a plan for some pools leaves to one for all what a shared limit may concern`(
        pending: Int,
        held: [Int],
        maxPendingJobs: Int,
        decided: [Int]
    ) {
        let plan = some(pending: pending, held: held, maxPendingJobs: maxPendingJobs)
        #expect(plan.presets.map(\.pool.presetID) == decided.map { Fixtures.id($0) })
        #expect(plan.presets.allSatisfy { $0.actions == [.create(2)] && $0.withheld.isEmpty })
        #expect(plan.undecided == Set([1, 2].filter { !decided.contains($0) }.map { Fixtures.id($0) }))
    }
}
