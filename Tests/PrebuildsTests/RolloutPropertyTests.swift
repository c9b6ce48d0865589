// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Testing
import Time

/// What holds at every instant while versions are pushed, good and broken ones, under claims.
@Suite struct RolloutPropertyTests {
    private let start = Fixtures.now

    /// Runs to the end of a time. Passes are made after every change, or only every few seconds.
    ///
    /// - Parameter events: What happens at which second.
    private func run(
        _ world: inout RolloutWorld,
        seconds: Int,
        claims: Set<Int> = [],
        pushes: [Int: Bool] = [:],
        passes: Int = 1,
        checking: Bool = true
    ) {
        let origin = world.now
        for tick in 0..<(seconds * 4) {
            let moment = origin + .milliseconds(Int64(tick * 250))
            world.work(at: moment)
            if tick % 4 == 0 {
                if let broken = pushes[tick / 4] { world.push(broken: broken) }
                if claims.contains(tick / 4) { world.claim() }
            }
            if tick % passes == 0 { pass(&world, checking: checking) }
        }
    }

    private func pass(_ world: inout RolloutWorld, checking: Bool) {
        let before = world
        let plan = world.plan
        world.apply(plan)
        guard checking else { return }
        let desired = world.desired
        #expect(world.alive <= max(2 * desired, before.alive), "never more than twice as many")
        #expect(world.ready.count >= min(before.ready.count, before.least), "no plan takes what nothing replaces")
        let again = world.plan
        let isNew = world.active != before.active || world.status != before.status
        if !isNew {
            #expect(again.presets.allSatisfy { $0.isEmpty }, "a plan that was applied leaves nothing to do")
            #expect(again.rollouts.allSatisfy { $0.proven.isEmpty })
        }
    }

    @Test func `under claims and pushes of all kinds, no rule is broken`() {
        var completed = 0
        for seed in 0..<60 {
            var generator = SeededGenerator(seed: UInt64(seed))
            func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
            var world = RolloutWorld(
                desired: number(1...6),
                slots: number(1...8),
                buildTime: .seconds(number(1...9)),
                seed: UInt64(seed)
            )
            world.settings.canary = number(1...3)
            world.settings.onFailure = Bool.random(using: &generator) ? .hold : .rollback
            world.settings.deadlineSeconds = number(20...60)
            world.push()
            run(&world, seconds: 60)
            let claims = Set((0..<100).filter { _ in number(1...4) == 1 })
            var pushes: [Int: Bool] = [:]
            for _ in 0...number(0...3) { pushes[number(0...90)] = number(1...3) == 1 }
            run(&world, seconds: 100, claims: claims, pushes: pushes, passes: number(1...12))
            // A good version gets to its end, whatever came before it.
            world.push()
            run(&world, seconds: 400)
            #expect(world.status == "completed" || world.settings.deadlineSeconds < 9 * world.desired + 30)
            guard world.status == "completed" else { continue }
            completed += 1
            #expect(world.readyOf(world.active) == world.desired && world.alive == world.desired)
        }
        #expect(completed > 30)
    }

    @Test(arguments: [1, 2, 3, 4, 5])
    func `claims through a push miss nothing that the old version would not have missed`(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let claims = Set((0..<90).filter { _ in Int.random(in: 1...10, using: &generator) <= 8 })
        func world() -> RolloutWorld {
            var world = RolloutWorld(desired: 4, slots: 8, buildTime: .seconds(3), seed: UInt64(seed))
            world.push()
            run(&world, seconds: 20)
            return world
        }
        var (steady, rolling) = (world(), world())
        run(&steady, seconds: 90, claims: claims)
        run(&rolling, seconds: 90, claims: claims, pushes: [10: false, 45: false])
        #expect(steady.misses == 0)
        #expect(rolling.misses == 0 && rolling.hitsOfEarlier > 0)
        #expect(rolling.status == "completed")
    }

    @Test func `a broken push leaves every good prebuild where it is, and claims are served as before`() {
        var world = RolloutWorld(desired: 5, slots: 6, buildTime: .seconds(3), seed: 9)
        world.push()
        run(&world, seconds: 20)
        let good = Set(world.ready.map(\.prebuild.workspaceID))
        run(&world, seconds: 120, pushes: [1: true])
        #expect(world.status == "held" && world.deletedGood == 0)
        #expect(Set(world.ready.map(\.prebuild.workspaceID)) == good)
        run(&world, seconds: 60, claims: Set(0..<60))
        #expect(world.misses == 0 && world.readyOf(0) + world.builds.count == 5)
        // A corrected version takes over from the one that was proven.
        run(&world, seconds: 60, pushes: [0: false])
        #expect(world.status == "completed" && world.readyOf(2) == 5 && world.alive == 5)
    }

    @Test func `a broken push is taken back`() {
        var world = RolloutWorld(desired: 5, slots: 6, buildTime: .seconds(3), seed: 9)
        world.settings.onFailure = .rollback
        world.push()
        run(&world, seconds: 20)
        run(&world, seconds: 120, pushes: [1: true])
        #expect(world.active == 0 && world.status == "completed" && world.deletedGood == 0)
        #expect(world.readyOf(0) == 5)
    }

    @Test func `a version that builds for ever is stopped by its deadline`() {
        var world = RolloutWorld(desired: 2, slots: 6, buildTime: .seconds(3), seed: 9)
        world.push()
        run(&world, seconds: 20)
        world.settings.deadlineSeconds = 2
        run(&world, seconds: 4, pushes: [0: false])
        #expect(world.status == "held" && world.readyOf(0) == 2)
    }
}
