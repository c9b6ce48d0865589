// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import PostgresClient
import Prebuilds
import ServiceLifecycle
import Store
import TestSupport
import Testing

@testable import Worker

/// When passes are made, and how the loop ends.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct ReconcilerTests {
    @Test(.database(.migrated, publishers: Publisher.allCases))
    func `S10, the loop ticks, and nothing happens between two ticks`() async throws {
        try await TestPools.open { pools in
            try await pools.addStarting(4, of: pools.addPreset("four", desired: 4))
            try await pools.addPreset("ten", desired: 10)
            let loop = RunningReconciler(pools.store, interval: .seconds(1))
            #expect(try await loop.nextPass().createdTotal == 10)
            try await pools.addPreset("five", desired: 5)
            // The shortest interval that jitter allows, less a little.
            try await loop.clock.advance(by: .milliseconds(890))
            try await loop.clock.advance(by: .zero)
            #expect(try await pools.pending == 10)
            try await loop.clock.advance(by: .milliseconds(220))
            #expect(try await loop.nextPass().createdTotal == 5)
            #expect(try await pools.pending == 15)
            try await loop.stop()
        }
    }

    @Test func `a change in quiet times is answered at once, and what follows close behind shares the next pass`()
        async throws
    {
        try await TestPools.open { pools in
            try await pools.addPreset("pool", desired: 1)
            let loop = RunningReconciler(pools.store, interval: .seconds(3_600))
            try await loop.nextPass()
            try await loop.clock.advance(by: .milliseconds(50))
            loop.bell.ring()
            try await loop.nextPass()
            for _ in 0..<20 { loop.bell.ring() }
            // The sleep that the first of them began, not the wait for the next tick.
            try await loop.clock.advance(by: .milliseconds(49))
            #expect(loop.passes.untaken.isEmpty)
            loop.bell.ring()
            try await loop.clock.advance(by: .milliseconds(1))
            try await loop.nextPass()
            // That pass was for all of them.
            try await loop.clock.advance(by: .milliseconds(50))
            try await loop.clock.advance(by: .zero)
            #expect(loop.passes.untaken.isEmpty)
            try await loop.stop()
        }
    }

    @Test func `a wake-up during a pass leads to another pass after it`() async throws {
        try await TestPools.open { pools in
            let preset = try await pools.addPreset("pool", desired: 1)
            try await pools.slowDown()
            let loop = RunningReconciler(pools.store, interval: .seconds(3_600))
            try await pools.awaitVisit()
            try await pools.sql("UPDATE template_version_presets SET desired_instances = 3 WHERE id = \(preset)")
            loop.bell.ring()
            #expect(try await loop.nextPass().createdTotal == 1)
            try await loop.clock.advance(by: .milliseconds(50))
            #expect(try await loop.nextPass().createdTotal == 2)
            try await loop.stop()
        }
    }

    @Test func `a notification leads to a pass for the pool that it names, and what none names waits for the interval`()
        async throws
    {
        try await TestPools.open { pools in
            let named = try await pools.addPreset("named", desired: 1)
            let other = try await pools.addPreset("other", desired: 1)
            let loop = RunningReconciler(pools.store, interval: .seconds(3_600))
            #expect(try await loop.nextPass().createdTotal == 2)
            // Of this, a notification is lost.
            try await pools.sql("UPDATE template_version_presets SET desired_instances = 2")
            try await loop.clock.advance(by: .milliseconds(5))
            loop.tell(of: named)
            #expect(try await loop.nextPass().created == [named: 1])
            try await loop.clock.advance(by: .seconds(3_960))
            #expect(try await loop.nextPass().created == [other: 1])
            try await loop.stop()
        }
    }

    @Test func `while a shared limit withholds prebuilds, what a pool gives up is for another`() async throws {
        try await TestPools.open { pools in
            let presets = [try await pools.addPreset("one", desired: 1), try await pools.addPreset("two", desired: 1)]
            let loop = RunningReconciler(
                pools.store,
                interval: .seconds(3_600),
                limits: PlanLimits(maxPendingJobs: 1)
            )
            let first = try await loop.nextPass().created
            let filled = try #require(presets.first { first == [$0: 1] })
            let other = try #require(presets.first { $0 != filled })
            try await pools.finishBuilds()
            try await loop.clock.advance(by: .milliseconds(50))
            loop.tell(of: filled)
            #expect(try await loop.nextPass().created == [other: 1])
            try await loop.stop()
        }
    }

    @Test func `what a pass for some pools cannot decide, one for all decides at once`() async throws {
        try await TestPools.open { pools in
            try await pools.addPreset("one", desired: 1)
            let loop = RunningReconciler(
                pools.store,
                interval: .seconds(3_600),
                limits: PlanLimits(maxPendingJobs: 1)
            )
            #expect(try await loop.nextPass().createdTotal == 1)
            let two = try await pools.addPreset("two", desired: 1)
            try await loop.clock.advance(by: .milliseconds(5))
            loop.tell(of: two)
            for _ in 1...2 { #expect(try await loop.nextPass().createdTotal == 0) }
            #expect(
                try await pools.value(
                    "SELECT withheld->0->>'reason' FROM prebuild_decisions WHERE preset_id = \(two)"
                ) == "capped"
            )
            try await loop.stop()
        }
    }

    @Test func `when the leader is lost in a pass for one pool, another's interval makes up for it`() async throws {
        try await TestPools.open { pools in
            let preset = try await pools.addPreset("pool", desired: 1)
            let leader = RunningReconciler(pools.store, interval: .seconds(3_600))
            try await leader.nextPass()
            let other = RunningReconciler(pools.store, interval: .seconds(3_600))
            try await other.nextPass()
            try await pools.slowDown()
            try await pools.sql("UPDATE template_version_presets SET desired_instances = 2")
            for loop in [leader, other] { try await loop.clock.advance(by: .milliseconds(5)) }
            leader.tell(of: preset)
            try await pools.awaitVisit()
            other.tell(of: preset)
            try await other.refusals(1)
            await leader.cancel()
            #expect(try await pools.value("SELECT count(*) FROM workspaces") == 1)
            try await other.clock.advance(by: .seconds(3_960))
            #expect(try await other.nextPass().created == [preset: 1])
            try await other.stop()
        }
    }

    @Test func `the edge of a schedule is not slept through`() async throws {
        try await TestPools.open { pools in
            let preset = try await pools.addPreset("pool", desired: 0)
            // This hour nothing, in the next one a prebuild; both by the database's own clock.
            try await pools.sql(
                """
                INSERT INTO template_version_preset_prebuild_schedules (preset_id, cron_expression, desired_instances)
                SELECT \(preset), format('* %s * * *', extract(hour FROM (now() + interval '1 hour') AT TIME ZONE 'UTC')), 1
                """
            )
            let loop = RunningReconciler(pools.store, interval: .seconds(36_000))
            try await loop.nextPass()
            try await loop.clock.advance(by: .seconds(3_601))
            try await loop.nextPass()
            try await loop.stop()
        }
    }

    @Test(.database(.migrated, publishers: Publisher.allCases))
    func `S12, of five services never two are in a pass at once`() async throws {
        try await TestPools.open { pools in
            try await pools.addPreset("pool", desired: 1)
            try await pools.slowDown()
            let passes = TestSignal<AppliedPlan>()
            let loops = (0..<5).map { _ in
                RunningReconciler(pools.store, interval: .seconds(3_600), passes: passes)
            }
            func wakeAll() async throws {
                for loop in loops {
                    try await loop.clock.advance(by: .milliseconds(50), awaitingSleepers: 0)
                    loop.bell.ring()
                }
            }
            for _ in 0..<3 {
                try await pools.awaitVisit()
                try await wakeAll()
                try await passes.next("a pass that creates") { $0.createdTotal == 1 }
                try await pools.sql("UPDATE workspaces SET deleted = true")
                try await wakeAll()
            }
            for loop in loops { try await loop.stop() }
            #expect(
                try await pools.value(
                    """
                    SELECT count(*) FROM visits a JOIN visits b
                    ON a.ctid <> b.ctid AND a.entered < b.left_at AND b.entered < a.left_at
                    """
                ) == 0
            )
            #expect(try await pools.value("SELECT count(*) > 0 FROM visits"))
            #expect(loops.contains { $0.turnedAway > 0 })
        }
    }

    @Test func `a stop lets the pass in progress commit, and may be asked for twice`() async throws {
        try await TestPools.open { pools in
            try await pools.addPreset("pool", desired: 3)
            try await pools.slowDown()
            let loop = RunningReconciler(pools.store, interval: .seconds(3_600))
            try await pools.awaitVisit()
            async let second: Void = loop.stop()
            try await loop.stop()
            try await second
            #expect(try await pools.pending == 3)
            #expect(loop.hasRested)
        }
    }

    @Test func `a pass that is canceled is rolled back, and the next one makes it`() async throws {
        try await TestPools.open { pools in
            try await pools.addPreset("pool", desired: 3)
            try await pools.slowDown()
            let loop = RunningReconciler(pools.store, interval: .seconds(3_600))
            try await pools.awaitVisit()
            await loop.cancel()
            #expect(try await pools.value("SELECT count(*) FROM workspaces") == 0)
            let next = RunningReconciler(pools.store, interval: .seconds(3_600))
            #expect(try await next.nextPass().createdTotal == 3)
            try await next.stop()
        }
    }

    @Test func `a draining worker makes no pass, and takes passes up again when it is resumed`() async throws {
        try await TestPools.open { pools in
            try await pools.addPreset("pool", desired: 1)
            let drain = Drain()
            drain.advance(to: .draining, final: false)
            let loop = RunningReconciler(pools.store, interval: .seconds(1), drain: drain)
            try await loop.clock.advance(by: .seconds(2))
            try await loop.clock.advance(by: .zero)
            #expect(loop.passes.untaken.isEmpty)
            #expect(loop.hasRested)
            drain.resume()
            #expect(try await loop.nextPass().createdTotal == 1)
            try await loop.stop()
        }
    }
}
