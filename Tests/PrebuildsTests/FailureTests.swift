// SPDX-License-Identifier: Apache-2.0

import Prebuilds
import TestSupport
import Testing
import Time

/// Back-off and hard limit.
@Suite struct FailureTests {
    private let now = Fixtures.now
    private let limits = PlanLimits(
        backoffInterval: .seconds(60),
        backoffLookback: .seconds(3_600),
        failureHardLimit: 2
    )

    /// Builds by age in seconds, newest first; `x` failed, `.` did not.
    private func preset(desired: Int, _ builds: [(age: Int, mark: Character)], failures: Int? = nil) -> PresetSnapshot {
        Fixtures.preset(desired: desired).with {
            $0.startBuilds = builds.enumerated().map { index, build in
                Fixtures.build(index, createdAt: now - .seconds(build.age), hasFailed: build.mark == "x")
            }
            $0.recentFailures = failures ?? builds.count { $0.mark == "x" && $0.age <= 3_600 }
        }
    }

    private func backoff(_ preset: PresetSnapshot, at moment: Instant? = nil) -> Backoff? {
        Backoff(of: preset, now: moment ?? now, limits: limits)
    }

    @Test func `only the newest builds, as many as desired, start a wait`() {
        let builds: [(Int, Character)] = [(5, "."), (10, "."), (20, "x")]
        #expect(backoff(preset(desired: 2, builds)) == nil)
        #expect(
            backoff(preset(desired: 3, builds))
                == Backoff(failures: 1, lastBuildAt: now - .seconds(20), until: now + .seconds(40))
        )
    }

    @Test func `every recent failure lengthens the wait, counted from the newest`() {
        #expect(
            backoff(preset(desired: 2, [(5, "."), (10, "x"), (20, "x"), (30, "x")], failures: 3))
                == Backoff(failures: 3, lastBuildAt: now - .seconds(10), until: now + .seconds(170))
        )
    }

    @Test func `a failure is recent until the lookback is over`() {
        let limits = PlanLimits(backoffInterval: .seconds(7_200), backoffLookback: .seconds(3_600))
        func waits(age: Duration) -> Bool {
            let failure = Fixtures.build(1, createdAt: now - age, hasFailed: true)
            let preset = Fixtures.preset(desired: 1).with { $0.startBuilds = [failure] }
            return Backoff(of: preset, now: now, limits: limits) != nil
        }
        #expect(waits(age: .seconds(3_600)))
        #expect(!waits(age: .seconds(3_600) + .microseconds(1)))
    }

    @Test func `the wait ends strictly after its last moment`() {
        let failed = preset(desired: 1, [(0, "x")])
        let until = now + .seconds(60)
        #expect(backoff(failed, at: until)?.until == until)
        #expect(backoff(failed, at: until + .microseconds(1)) == nil)
    }

    @Test func `without an interval the very moment of the failure is still waited for`() {
        let failed = preset(desired: 1, [(0, "x")])
        #expect(Backoff(of: failed, now: now, limits: .none) == Backoff(failures: 1, lastBuildAt: now, until: now))
        #expect(Backoff(of: failed, now: now + .microseconds(1), limits: .none) == nil)
    }

    @Test func `a preset that wants prebuilds on schedule only waits after its newest build failed`() {
        #expect(backoff(preset(desired: 0, [(5, "x"), (10, ".")])) != nil)
        #expect(backoff(preset(desired: 0, [(5, "."), (10, "x")])) == nil)
    }

    @Test func `a reset forgets the failures before it`() {
        let failed = preset(desired: 2, [(10, "x"), (20, "x")])
        let forgotten = failed.with { $0.failuresForgottenBefore = now - .microseconds(9_999_999) }
        #expect(backoff(forgotten) == nil)
        #expect(HardLimit(of: forgotten, limits: limits) == nil)
        let half = failed.with {
            $0.failuresForgottenBefore = now - .seconds(10)
            $0.recentFailures = 1
        }
        #expect(backoff(half) == Backoff(failures: 1, lastBuildAt: now - .seconds(10), until: now + .seconds(50)))
        #expect(HardLimit(of: half, limits: limits) == nil)
    }

    @Test(arguments: [
        (2, "xx", true), (2, "xx.", true), (2, "x", false), (2, "x.", false), (2, ".x", false), (2, ".xx", false),
        (1, "x", true), (1, "x.", true), (1, ".x", false), (1, "", false), (3, "xxx", true), (3, "xx.x", false),
        (0, "xxx", false),
    ])
    func `the hard limit is so many failures in a row, the newest`(limit: Int, builds: String, reached: Bool) {
        let preset = preset(desired: 1, builds.enumerated().map { (age: $0.offset * 100_000, mark: $0.element) })
        let found = HardLimit(of: preset, limits: PlanLimits(failureHardLimit: limit))
        #expect((found != nil) == reached)
        #expect(found?.failedBuilds == (reached ? (0..<limit).map { Fixtures.id($0) } : nil))
    }
}
