// SPDX-License-Identifier: Apache-2.0

import Domain
import TestSupport
import Testing
import Time

@testable import Prebuilds

/// The simulation obeys the rules of a pass, and its arithmetic.
@Suite struct SimulationTests {
    private static let start = Instant(seconds: 1_748_822_400)
    private static let times = BuildTimes.usual

    private static func simulation(_ offsets: [Int], hours: Int = 1, scoredFrom: Int = 0) -> PoolSimulation {
        PoolSimulation(
            arrivals: offsets.map { start + .seconds($0) },
            from: start,
            to: start + .seconds(3_600 * hours),
            scoredFrom: start + .seconds(scoredFrom),
            buildTimes: BuildTimes(p50: .seconds(100), p90: .seconds(100)) ?? times,
            seed: 1
        )
    }

    @Test func `a claim is a hit while a prebuild is ready, and each is replaced after a build time`() {
        let result = Self.simulation([0, 50, 99, 101, 300]).run(FixedSize(1))
        #expect(result.claims == 5)
        #expect(result.hits == 3)
        #expect(result.missesByHourOfWeek[0] == 2)
        #expect(result.builds == 4)
        #expect(result.wastedBuilds == 0)
        #expect(abs(result.idleSeconds - Double(1 + 99 + 3_200)) < 1e-6)
    }

    @Test func `the warm-up is not counted`() {
        let result = Self.simulation([0, 10, 1_801], scoredFrom: 1_800).run(FixedSize(1))
        #expect(result.claims == 1)
        #expect(result.hits == 1)
        #expect(result.seconds == 1_800)
        #expect(abs(result.idleSeconds - Double(1 + 1_699)) < 1e-6)
    }

    @Test func `what is above the size is removed, and counts as wasted`() {
        struct Shrinking: SizingPolicy {
            func desired(at now: Instant) -> Int { now < SimulationTests.start + .seconds(1_800) ? 5 : 2 }
            func nextLook(after now: Instant) -> Instant? { now + .seconds(60) }
        }
        let result = Self.simulation([]).run(Shrinking())
        #expect(result.wastedBuilds == 3)
        #expect(result.changes == 2)
        #expect(result.turns == 1)
        #expect(abs(result.idleMean - 3.5) < 1e-9)
    }

    @Test func `many claims at random miss as often as the formula says`() {
        let trace = Trace(
            points: (0..<2_000).map { Trace.Point(at: Self.start + .seconds(300 * $0), count: 10) },
            hasCounts: true
        )
        let simulation = PoolSimulation(
            arrivals: trace.scaled(toClaimsPerHour: 60).arrivals(seed: 3),
            from: trace.start,
            to: trace.end,
            scoredFrom: trace.start,
            buildTimes: Self.times,
            seed: 3
        )
        let load = 60.0 / 3_600 * Self.times.mean
        for size in [1, 3, 5] {
            let misses = 1 - simulation.run(FixedSize(size)).hitRatio
            #expect(abs(misses - ErlangB.misses(servers: size, load: load)) < 0.02, "\(size)")
        }
    }

    @Test func `build times have the median and the percentile that were asked for`() {
        var generator = SplitMix(seed: 5)
        let drawn = (0..<20_000).map { _ in Self.times.draw(&generator) }.sorted()
        #expect(abs(drawn[10_000].inSeconds - 180) < 4)
        #expect(abs(drawn[18_000].inSeconds - 300) < 8)
        #expect(abs(drawn.reduce(0) { $0 + $1.inSeconds } / 20_000 - Self.times.mean) < 2)
    }

    @Test func `the least fixed pool is the least`() throws {
        let trace = Trace(
            points: (0..<600).map { Trace.Point(at: Self.start + .seconds(300 * $0), count: 1) },
            hasCounts: true
        ).scaled(toClaimsPerHour: 40)
        let simulation = PoolSimulation(
            arrivals: trace.arrivals(seed: 1),
            from: trace.start,
            to: trace.end,
            scoredFrom: trace.start,
            buildTimes: Self.times,
            seed: 1
        )
        let least = try #require(LeastFixed(simulation, goal: 0.95))
        #expect(simulation.run(FixedSize(least.instances)).hitRatio >= 0.95)
        #expect(simulation.run(FixedSize(least.instances - 1)).hitRatio < 0.95)
    }

    @Test func `the simulation orders and removes what a plan would`() {
        for seed in 1...200 {
            var generator = SplitMix(seed: UInt64(seed))
            let (ready, starting, desired) = (
                Int(generator.next() % 8), Int(generator.next() % 8), Int(generator.next() % 8)
            )
            var preset = Fixtures.preset(desired: desired)
            preset.running = (0..<ready).map { Fixtures.prebuild($0 + 1) }
            preset.starting = starting
            let plan = Fixtures.plan(preset).presets[0]
            let state = PoolState(actual: ready, desired: desired, starting: starting)
            #expect(plan.creations == state.missing)
            #expect(plan.deletions.count == max(ready - desired, 0))
        }
    }

    @Test func `the same seed gives the same numbers, another one others`() {
        let trace = GeneratedTrace.noise.trace(days: 3).scaled(toClaimsPerHour: 12)
        #expect(trace.arrivals(seed: 1) == trace.arrivals(seed: 1))
        #expect(trace.arrivals(seed: 1) != trace.arrivals(seed: 2))
        #expect(abs(trace.total - 12 * 72) < 1e-6)
    }
}
