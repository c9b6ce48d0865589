// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Time

@testable import Prebuilds

/// The parts of which a pool's size is made.
@Suite struct SizingTests {
    /// Monday 2 June 2025, 00:00 UTC.
    private static let monday = Instant(seconds: 1_748_822_400)

    @Test func `Erlang's formula gives the values of his table`() {
        #expect(ErlangB.misses(servers: 0, load: 2) == 1)
        #expect(abs(ErlangB.misses(servers: 1, load: 1) - 0.5) < 1e-12)
        #expect(abs(ErlangB.misses(servers: 10, load: 5) - 0.018_385) < 1e-6)
        #expect(abs(ErlangB.misses(servers: 117, load: 100) - 0.009_8) < 1e-4)
        #expect(ErlangB.misses(servers: 3, load: 0) == 0)
    }

    @Test func `the least pool is the least, whatever the load`() {
        for load in [0.01, 0.6, 1, 5, 30, 400] {
            for misses in [0.2, 0.05, 0.001] {
                let size = ErlangB.servers(load: load, misses: misses, limit: 1_000)
                #expect(ErlangB.misses(servers: size, load: load) <= misses)
                #expect(ErlangB.misses(servers: size - 1, load: load) > misses, "\(load), \(misses)")
            }
        }
        #expect(ErlangB.servers(load: 0, misses: 0.05, limit: 10) == 0)
        #expect(ErlangB.servers(load: 1e9, misses: 0.05, limit: 7) == 7)
    }

    @Test func `a bin of the week is that of the zone's clocks, also where they change`() throws {
        #expect(WeekSlot(at: Self.monday).bin(in: .utc) == 0)
        #expect(WeekSlot(at: Self.monday - .seconds(1)).bin(in: .utc) == 671)
        #expect(WeekSlot(at: Instant(seconds: -1)).bin(in: .utc) == 3 * 96 - 1)
        let berlin = try TimeZoneFixtures.berlin.rules
        #expect(WeekSlot(at: Self.monday).bin(in: berlin) == 8)
        // 30 March 2025, a Sunday: 01:45 is followed by 03:00.
        let change = Instant(seconds: 1_743_296_400)
        #expect(WeekSlot(at: change - .seconds(1)).bin(in: berlin) == 6 * 96 + 7)
        #expect(WeekSlot(at: change).bin(in: berlin) == 6 * 96 + 12)
    }

    @Test func `a season forgets, smooths and shrinks as the formula says`() {
        var season = Season()
        #expect(season.rate(ofBin: 5) == 0)
        season.close(bin: 5, claims: 8)
        season.close(bin: 5, claims: 4)
        #expect(abs(season.claims[5] - 8.8) < 1e-12)
        #expect(abs(season.weeks[5] - 1.6) < 1e-12)
        let mean = 8.8 / 1.6
        #expect(abs(season.mean - mean) < 1e-12)
        #expect(abs(season.rate(ofBin: 5) - (8.8 + 0.5 * mean) / 2.1) < 1e-12)
        #expect(abs(season.rate(ofBin: 6) - (2.2 + 0.5 * mean) / (0.4 + 0.5)) < 1e-12)
        #expect(abs(season.rate(ofBin: 300) - mean) < 1e-12)
    }

    @Test func `the first and the last bin of the week are neighbours`() {
        var season = Season()
        for bin in 0..<672 { season.close(bin: bin, claims: bin == 0 ? 4 : 0) }
        #expect(season.rate(ofBin: 671) > season.rate(ofBin: 670))
    }

    @Test func `what is expected is the sum over the bins that a time touches`() {
        var season = Season()
        for bin in 0..<672 { season.close(bin: bin, claims: 3) }
        let start = Self.monday + .seconds(450)
        #expect(abs(season.expected(from: start, to: start + .seconds(900), in: .utc) - 3) < 1e-9)
        #expect(season.expected(from: start, to: start, in: .utc) == 0)
    }

    @Test func `a miss raises the calibration nineteen times as much as a hit lowers it, within bounds`() {
        var calibration = Calibration(goal: 0.95)
        #expect(abs(calibration.hits - 0.95) < 1e-12)
        let before = calibration.theta
        calibration.learn(hit: false, goal: 0.95)
        #expect(abs(calibration.theta - before - 0.076) < 1e-12)
        calibration.learn(hit: true, goal: 0.95)
        #expect(abs(calibration.theta - before - 0.072) < 1e-12)
        for _ in 0..<1_000 { calibration.learn(hit: false, goal: 0.95) }
        #expect(calibration.theta == 7)
        for _ in 0..<10_000 { calibration.learn(hit: true, goal: 0.95) }
        #expect(calibration.theta == -2)
    }

    @Test func `a burst's size goes ten minutes after it, one of many stays for hours`() {
        var hold = TargetHold()
        #expect(hold.hold(20, at: Self.monday) == 20)
        #expect(hold.hold(4, at: Self.monday + .seconds(600)) == 20)
        #expect(hold.hold(4, at: Self.monday + .seconds(1_200)) == 20)
        #expect(hold.hold(4, at: Self.monday + .seconds(1_201)) == 4)
        hold = TargetHold(peaks: [.init(at: Self.monday, size: 20)])
        #expect(hold.hold(19, at: Self.monday + .seconds(1)) == 20)
        #expect(hold.hold(19, at: Self.monday + .seconds(36_001)) == 20)
        #expect(hold.hold(19, at: Self.monday + .seconds(36_002)) == 19)
    }

    @Test func `a size that falls in steps is held step by step, and few of them are kept`() {
        var hold = TargetHold()
        for step in 0..<500 {
            _ = hold.hold(100 - step / 5, at: Self.monday + .seconds(60 * step))
            #expect(hold.peaks.count <= 100)
            #expect(zip(hold.peaks, hold.peaks.dropFirst()).allSatisfy { $0.size > $1.size && $0.at <= $1.at })
        }
    }

    @Test func `bins end once, also after a long silence`() {
        var state = SizingState(calibration: Calibration(goal: 0.95))
        state.learn(claimAt: Self.monday, hit: true, goal: 0.95, in: .utc)
        state.learn(claimAt: Self.monday + .seconds(10), hit: true, goal: 0.95, in: .utc)
        #expect(state.season.mean == 0)
        state.advance(to: Self.monday + .seconds(900), in: .utc)
        #expect(state.season.claims[0] == 2)
        #expect(state.season.weeks[0] == 1)
        let once = state
        state.advance(to: Self.monday + .seconds(900), in: .utc)
        #expect(state == once)
        state.advance(to: Self.monday + .seconds(100 * 365 * 86_400), in: .utc)
        #expect(state.season.claims[0] < 0.04)
    }

    @Test func `the parts explain the size`() {
        let sizing = PoolSizing(AutoscaleSettings(mode: .apply, min: 2, max: 9), zone: .utc)
        var state = SizingState(calibration: Calibration(goal: 0.95))
        let target = sizing.target(
            &state,
            recent: RecentClaims(level: 40, burst: 40, waiting: 3),
            schedule: 1,
            at: Self.monday
        )
        #expect(target.size == 9)
        #expect(target.text == "9 = floor 2, season 0, burst 9, waiting 3, at most 9")
        var quiet = SizingState(calibration: Calibration(goal: 0.95))
        let floor = sizing.target(&quiet, recent: RecentClaims(level: 0, burst: 0), schedule: 4, at: Self.monday)
        #expect(floor.text == "4 = floor 4, season 0")
    }

    @Test func `the second build time is looked at, so that a rush meets a filled pool`() {
        var season = Season()
        for bin in 0..<672 { season.close(bin: bin, claims: bin % 96 == 36 ? 60 : 1) }
        let sizing = PoolSizing(AutoscaleSettings(mode: .apply), zone: .utc)
        let nine = Self.monday + .seconds(9 * 3_600)
        let sizes = [-1_800, -590, 0].map { offset in
            var state = SizingState(season: season, calibration: Calibration(goal: 0.95))
            return sizing.target(
                &state,
                recent: RecentClaims(level: 6, burst: 1),
                schedule: 0,
                at: nine + .seconds(offset)
            ).season
        }
        #expect(sizes[1] > 2 * sizes[0])
        #expect(sizes[2] >= sizes[1])
    }
}

extension ErlangB {
    /// The share of claims that miss, as textbooks have it: the last of the terms a^n / n! by their sum.
    static func misses(servers: Int, load: Double) -> Double {
        var (term, sum) = (1.0, 1.0)
        for count in 0..<max(servers, 0) {
            term *= load / Double(count + 1)
            sum += term
        }
        return term / sum
    }
}
