// SPDX-License-Identifier: Apache-2.0

import Domain
import Prebuilds
import TestSupport
import Testing
import Time

/// The one rule behind every screen: the health of a pool in one word.
@Suite struct PoolHealthTests {
    private static let limits = PlanLimits(
        backoffInterval: .seconds(60),
        backoffLookback: .seconds(3_600),
        failureHardLimit: 3
    )

    private func health(
        _ preset: PresetSnapshot,
        pause: FleetPause? = nil,
        limits: PlanLimits = limits
    ) -> PoolHealth {
        plan(preset, pause: pause, limits: limits).health
    }

    private func plan(_ preset: PresetSnapshot, pause: FleetPause? = nil, limits: PlanLimits = limits) -> PresetPlan {
        Plan(snapshot: Snapshot(presets: [preset], pause: pause), now: Fixtures.now, limits: limits).presets[0]
    }

    /// A pool of two. Its newest build failed so long ago, and the next one runs.
    private func failing(_ ago: Duration, starting: Int = 1) -> PresetSnapshot {
        Fixtures.preset(desired: 2).with {
            $0.starting = starting
            $0.startBuilds =
                (starting > 0 ? [Fixtures.build(9, createdAt: Fixtures.now, hasFailed: false)] : [])
                + [Fixtures.build(8, createdAt: Fixtures.now - ago, hasFailed: true)]
            $0.recentFailures = 1
        }
    }

    @Test func `as many as desired can be claimed, some, or none`() {
        let full = Fixtures.preset(desired: 2).with { $0.running = [Fixtures.prebuild(1), Fixtures.prebuild(2)] }
        #expect(health(full) == .healthy)
        #expect(health(Fixtures.preset(desired: 2).with { $0.running = [Fixtures.prebuild(1)] }) == .filling)
        #expect(health(Fixtures.preset(desired: 2).with { $0.starting = 2 }) == .empty)
        // These run, but nobody can claim them, because their agents are not ready.
        let deaf = full.with {
            $0.running = [Fixtures.prebuild(1, isEligible: false), Fixtures.prebuild(2, isEligible: false)]
        }
        #expect(health(deaf) == .empty)
        #expect(health(Fixtures.preset(desired: 0)) == .healthy)
        #expect(health(Fixtures.preset(desired: 2, isActive: false)) == .inactive)
    }

    @Test func `a failed build is told while the next one is under way, and while nothing is built because of it`() {
        #expect(health(failing(.seconds(50), starting: 2)) == .failing)
        #expect(health(failing(.seconds(50), starting: 0)) == .backingOff)
        #expect(health(failing(.seconds(50), starting: 1)) == .backingOff)
        #expect(health(failing(.seconds(120), starting: 0)) == .failing)
        #expect(plan(failing(.seconds(120))).failedBuild == Fixtures.id(8))
        // Also where no limit is set.
        #expect(health(failing(.seconds(120)), limits: .none) == .failing)
    }

    @Test func `one that succeeded since, was forgotten, or is long ago is not told`() {
        let recovered = failing(.seconds(120)).with {
            $0.running = [Fixtures.prebuild(7, createdAt: Fixtures.now - .seconds(60))]
            $0.startBuilds.insert(
                Fixtures.build(7, createdAt: Fixtures.now - .seconds(60), hasFailed: false, hasSucceeded: true),
                at: 1
            )
        }
        #expect(health(recovered) == .filling)
        #expect(health(failing(.seconds(120)).with { $0.failuresForgottenBefore = Fixtures.now }) == .empty)
        #expect(health(failing(.seconds(4_000))) == .empty)
        let enough = failing(.seconds(120)).with { $0.running = [Fixtures.prebuild(1), Fixtures.prebuild(2)] }
        #expect(health(enough) == .healthy)
    }

    @Test func `what lasts until somebody does something comes first, and keeps its failure`() {
        let limited = failing(.seconds(90_000), starting: 0).with { $0.status = .hardLimited }
        #expect(health(limited) == .hardLimited)
        #expect(plan(limited).failedBuild == Fixtures.id(8))
        let pause = FleetPause(kind: .reconciliation)
        #expect(health(limited, pause: pause) == .hardLimited)
        let invalid = Fixtures.preset(desired: 1).with { $0.values = [:] }
        #expect(health(invalid) == .validationFailed)
        #expect(health(invalid.with { $0.status = .validationFailed }, pause: pause) == .validationFailed)
    }

    @Test func `a pause of the fleet or of the template is told whatever is missing`() {
        let pools = [Fixtures.preset(desired: 2), failing(.seconds(50))]
        for pool in pools {
            #expect(health(pool, pause: FleetPause(kind: .maintenance)) == .paused)
            #expect(health(pool.with { $0.pausedUntil = .distantFuture }) == .paused)
            #expect(health(pool.with { $0.pausedUntil = Fixtures.now }) != .paused)
        }
        let full = Fixtures.preset(desired: 1).with { $0.running = [Fixtures.prebuild(1)] }
        #expect(health(full.with { $0.pausedUntil = .distantFuture }) == .paused)
    }

    @Test func `every word is one of the contract`() {
        #expect(
            PoolHealth.allCases.map(\.rawValue) == [
                "healthy", "filling", "empty", "failing", "backing_off", "paused", "hard_limited", "validation_failed",
                "inactive",
            ]
        )
        #expect(PoolHealth.backingOff.words == "backing off")
    }

    @Test(
        arguments: [
            (60, Duration.seconds(70), true), (60, .seconds(60), true), (60, .seconds(59), false),
            (0, .seconds(70), false),
            (-1, .seconds(70), false), (60, nil, false),
        ] as [(Int, Duration?, Bool)]
    )
    func `a time to live that ends before the build does is a warning`(seconds: Int, build: Duration?, warns: Bool) {
        #expect((TimeToLive.warning(seconds: seconds, build: build) != nil) == warns)
        let pool = Fixtures.preset(desired: 1).with {
            $0.ttlSeconds = seconds
            $0.buildTime = build
        }
        #expect(plan(pool).warnings.contains { $0.contains("ttl") } == warns)
    }
}
