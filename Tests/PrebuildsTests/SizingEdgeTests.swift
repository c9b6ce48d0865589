// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Time

@testable import Prebuilds

/// The bounds of level and burst, what says nothing of the size, and the replay of a week.
@Suite struct SizingEdgeTests {
    /// Monday 2 June 2025, 12:00 UTC.
    private static let noon = Instant(seconds: 1_748_865_600)

    /// A pool that knows a steady rate, in claims per quarter of an hour, and builds in five minutes.
    private static func steady(_ claims: Int) -> SizingState {
        var season = Season()
        for _ in 0..<20 {
            for bin in 0..<WeekSlot.perWeek { season.close(bin: bin, claims: claims) }
        }
        return SizingState(season: season, calibration: Calibration(goal: 0.95))
    }

    private static func target(
        _ state: SizingState,
        level: Int,
        burst: Int = 0,
        schedule: Int = 0,
        max: Int = 4_096
    ) -> (target: PoolTarget, state: SizingState) {
        var state = state
        let sizing = PoolSizing(AutoscaleSettings(mode: .apply, min: 0, max: max), zone: .utc)
        let recent = RecentClaims(level: level, burst: burst)
        return (sizing.target(&state, recent: recent, schedule: schedule, at: noon), state)
    }

    @Test func `the level follows recent claims, from a fifth of the season to five times`() {
        // 60 claims are expected in 90 minutes.
        let state = Self.steady(10)
        let levels = [0, 8, 9, 60, 316, 317, 100_000].map { Self.target(state, level: $0).target.level }
        let exact = [0.2, 0.2, 13.0 / 64, 1, 5, 5, 5]
        #expect(zip(levels, exact).allSatisfy { abs($0 - $1) < 1e-6 }, "\(levels)")
        // Nothing is known, and nothing came: as it was.
        #expect(Self.target(SizingState(calibration: Calibration(goal: 0.95)), level: 0).target.level == 1)
    }

    @Test func `a burst is more than twice the expected claims and three`() {
        // 10 claims are expected in ten minutes, two build times: up to 23 are none.
        let state = Self.steady(15)
        #expect(Self.target(state, level: 90, burst: 23).target.burst == 0)
        let burst = Self.target(state, level: 90, burst: 24).target
        #expect(burst.burst > burst.season && burst.size == burst.burst)
        // Of a pool that knows nothing, three claims are none and four are one.
        let empty = SizingState(calibration: Calibration(goal: 0.95))
        #expect(Self.target(empty, level: 3, burst: 3).target.burst == 0)
        #expect(Self.target(empty, level: 4, burst: 4).target.burst > 0)
    }

    @Test func `a burst is looked for over two build times, at least ten minutes`() {
        #expect(PoolSizing.burstWindow(leadTime: .seconds(20)) == .seconds(600))
        #expect(PoolSizing.burstWindow(leadTime: .seconds(301)) == .seconds(602))
        // Half of the claims that came in the window come in a build time.
        var state = SizingState(calibration: Calibration(goal: 0.95), leadTime: .seconds(600))
        state.advance(to: Self.noon, in: .utc)
        #expect(abs(Self.target(state, level: 0, burst: 40).target.load - 20) < 1e-9)
    }

    @Test func `hits that the schedule gave and misses at the maximum calibrate nothing`() {
        let floored = Self.target(Self.steady(1), level: 6, schedule: 50).state
        let capped = Self.target(Self.steady(30), level: 180, max: 2).state
        let free = Self.target(Self.steady(1), level: 6).state
        #expect(floored.isFloored && !floored.isCapped && capped.isCapped && !free.isFloored && !free.isCapped)
        func theta(_ state: SizingState, _ hit: Bool?) -> Double {
            var state = state
            state.learn(claimAt: Self.noon, hit: hit, goal: 0.95, in: .utc)
            return state.calibration.theta - Calibration(goal: 0.95).theta
        }
        #expect(theta(floored, true) == 0 && theta(floored, false) > 0)
        #expect(theta(capped, true) < 0 && theta(capped, false) == 0)
        #expect(theta(free, true) < 0 && theta(free, false) > 0 && theta(free, nil) == 0)
    }

    @Test func `a pool begins with the bins of its past that have ended`() {
        let slot = WeekSlot(at: Self.noon)
        let history = [
            SlotClaims(slot: WeekSlot(number: slot.number - 672), claims: 5), SlotClaims(slot: slot, claims: 2),
        ]
        let state = SizingState(history: history, goal: 0.9, until: Self.noon, in: .utc)
        #expect(state.openClaims == 2 && state.open == slot)
        #expect(abs(state.season.claims[slot.bin(in: .utc)] - 5) < 1e-9)
        #expect(state.season.weeks.allSatisfy { $0 == 1 })
        #expect(state.calibration == Calibration(goal: 0.9))
    }

    @Test func `a stored pattern is read back, and another one is none`() {
        let season = Self.steady(3).season
        let read = Season(claims: season.claims, weeks: season.weeks)
        #expect(read?.claims == season.claims && abs((read?.mean ?? 0) - season.mean) < 1e-9)
        #expect(Season(claims: [1], weeks: [1]) == nil)
        #expect(Season(claims: Array(repeating: .nan, count: 672), weeks: Array(repeating: 1, count: 672)) == nil)
        #expect(Season(claims: Array(repeating: -1, count: 672), weeks: Array(repeating: 1, count: 672)) == nil)
    }

    // MARK: The replay

    private static func replay(_ gap: Int, instances: Int, settings: AutoscaleSettings) throws -> SizingReplay? {
        let schedule = try PoolSchedule(rows: [], timeZone: "", zones: [:], fallback: instances)
        let start = noon - SizingReplay.week - SizingReplay.learned
        let claims = stride(from: 0, to: 35 * 86_400, by: gap).map { start + .seconds($0) }
        return SizingReplay(
            claims: claims,
            until: noon,
            schedule: schedule,
            settings: settings,
            buildTimes: .usual,
            zone: .utc
        )
    }

    @Test func `a week is replayed by both, and only few claims say nothing`() throws {
        let replay = try #require(
            try Self.replay(600, instances: 0, settings: AutoscaleSettings(mode: .apply, min: 0))
        )
        #expect(replay.claims == 1_008)
        #expect(replay.schedule == .init(hitRatio: 0, idleMean: 0))
        #expect(replay.auto.hitRatio > 0.9 && !replay.isWorse)
        #expect(try Self.replay(86_400, instances: 1, settings: AutoscaleSettings(mode: .apply)) == nil)
    }

    @Test func `it is worse only by more than two points of hits that are not paid for`() {
        func isWorse(_ hits: Double, _ idle: Double) -> Bool {
            SizingReplay(
                claims: 100,
                auto: .init(hitRatio: hits, idleMean: idle),
                schedule: .init(hitRatio: 0.95, idleMean: 3)
            ).isWorse
        }
        #expect(isWorse(0.92, 3) && isWorse(0.92, 4))
        #expect(!isWorse(0.92, 2.9) && !isWorse(0.94, 4))
    }

    @Test func `a pool is replayed once a night, at three on its clocks`() throws {
        let berlin = try TimeZoneFixtures.berlin.rules
        func isDue(_ last: Int, _ now: Int) -> Bool {
            SizingReplay.isDue(
                replayedAt: Self.noon + .seconds(3_600 * last),
                now: Self.noon + .seconds(3_600 * now),
                in: berlin
            )
        }
        // Noon is 14:00 in Berlin; three in the night comes 13 hours later.
        #expect(!isDue(0, 12) && isDue(0, 13) && isDue(0, 20) && !isDue(13, 20) && isDue(13, 37))
        #expect(SizingReplay.isDue(replayedAt: nil, now: Self.noon, in: berlin))
    }
}
