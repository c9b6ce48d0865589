// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Testing
import Time

/// How a pool is replaced when its prebuilds expire.
@Suite struct LifeTests {
    private let now = Fixtures.now

    /// A pool of four, all ready, that is replaced gradually.
    private func pool(ttl: Int = 0, age: Int = 7_200, _ change: (inout PresetSnapshot) -> Void = { _ in })
        -> PresetSnapshot
    {
        Fixtures.preset(desired: 4).with { preset in
            preset.maxUnavailable = 20
            preset.ttlSeconds = ttl
            preset.running = (1...4).map { Fixtures.prebuild($0, createdAt: now - .seconds(age)) }
            change(&preset)
        }
    }

    @Test func `prebuilds of one moment expire at different ones, within the last fifth of their time`() throws {
        var ends: Set<Instant> = []
        for number in 1...200 {
            let preset = pool(ttl: 1_000, age: 0) { $0.running = [Fixtures.prebuild(number, createdAt: now)] }
            let end = try #require(Fixtures.plan(preset, at: now).nextExpiry)
            #expect(now + .seconds(800) <= end && end <= now + .seconds(1_000) + .microseconds(1))
            #expect(Fixtures.plan(preset, at: end - .microseconds(2)).presets[0].state.expired == 0)
            #expect(Fixtures.plan(preset, at: end).presets[0].state.expired == 1)
            ends.insert(end)
        }
        #expect(ends.count > 190)
        let middle = ends.map { ($0 - now) / .seconds(1) }.reduce(0, +) / Double(ends.count)
        #expect(880...920 ~= middle)
    }

    @Test func `a replacement is built before the old one expires, which stays until then`() throws {
        let early = pool(ttl: 1_000, age: 0) { $0.leadTime = .seconds(60) }
        let due = try #require(Fixtures.plan(early).nextExpiry)
        let before = Fixtures.plan(early, at: due - .microseconds(2)).presets[0]
        #expect(before.actions.isEmpty)
        let plan = Fixtures.plan(early, at: due).presets[0]
        #expect(plan.actions == [.create(1)])
        #expect(plan.state.aging == 1 && plan.state.expired == 0 && plan.state.eligible == 4)
        // Expired, and its replacement is not ready yet.
        let ordered = early.with { $0.starting = 1 }
        let late = Fixtures.plan(ordered, at: due + .seconds(60)).presets[0]
        #expect(late.deletions.isEmpty && late.state.expired == 1 && late.state.eligible == 4)
        let replaced = early.with { $0.running.append(Fixtures.prebuild(9, createdAt: due)) }
        #expect(Fixtures.plan(replaced, at: due + .seconds(60)).presets[0].deletions.count == 1)
    }

    @Test func `what has lived its whole time is deleted at once`() {
        let plan = Fixtures.plan(pool(ttl: 7_199)).presets[0]
        #expect(plan.deletions.count == 4 && plan.creations == 4)
        #expect(plan.state.expired == 4 && plan.state.eligible == 0)
    }

    @Test func `an invalidated pool serves until it is replaced`() {
        let invalidated = pool { $0.lastInvalidatedAt = now }
        let plan = Fixtures.plan(invalidated).presets[0]
        #expect(plan.actions == [.create(4)])
        #expect(plan.state.eligible == 4 && plan.state.expired == 4)
        let half = invalidated.with {
            $0.starting = 2
            $0.running += (5...6).map { Fixtures.prebuild($0, createdAt: now) }
            $0.running.append(Fixtures.prebuild(7, createdAt: now, isEligible: false))
        }
        #expect(
            Fixtures.plan(half, at: now + .seconds(1)).presets[0].deletedWorkspaces == [Fixtures.id(1), Fixtures.id(2)]
        )
    }

    @Test func `where a quota leaves no room, no more are given up than may be missing`() {
        let invalidated = pool { $0.lastInvalidatedAt = now }
        func plan(_ preset: PresetSnapshot) -> PresetPlan {
            let snapshot = Snapshot(presets: [preset], prebuildQuotas: [Fixtures.id(1): 4])
            return Plan(snapshot: snapshot, now: now, limits: .none).presets[0]
        }
        #expect(plan(invalidated).deletedWorkspaces == [Fixtures.id(1)])
        let deleting = invalidated.with {
            $0.running.removeFirst()
            $0.deleting = 1
        }
        #expect(plan(deleting).deletions.isEmpty)
        #expect(plan(invalidated.with { $0.maxUnavailable = 50 }).deletions.count == 2)
    }

    @Test func `a pool that may be missing at once is deleted at once`() {
        let plan = Fixtures.plan(pool { ($0.lastInvalidatedAt, $0.maxUnavailable) = (now, nil) }).presets[0]
        #expect(plan.deletions.count == 4 && plan.creations == 4)
    }

    /// Six prebuilds that were ordered together, over ten lives.
    @Test(arguments: [20, nil]) func `a pool keeps its size from life to life`(percent: Int?) {
        var preset = Fixtures.preset(desired: 6)
        (preset.ttlSeconds, preset.maxUnavailable) = (120, percent)
        var world = PoolWorld(preset, buildTime: .seconds(6), seed: 3)
        world.run(until: now + .seconds(10))
        var least = Int.max
        while world.now < now + .seconds(1_200) {
            world.step()
            least = min(least, world.ready)
            #expect(world.alive <= 12)
        }
        #expect(percent == nil ? least == 0 : least >= 6)
        #expect(percent == nil || world.agesAtDeletion.allSatisfy { 96...120 ~= $0 })
    }
}
