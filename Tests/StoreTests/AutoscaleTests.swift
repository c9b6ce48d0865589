// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import TestSupport
import Testing
import Time

@testable import Store

/// Pools that size themselves, in passes on a real database.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct AutoscaleTests {
    /// A claim every ten seconds in the ten minutes before ``moment``, which are in the same quarter of an hour.
    private static let burst = stride(from: 0, to: 600, by: 10)
    private static let moment = Fleet.now + .seconds(600)
    private static let goal = Calibration(goal: 0.95).theta

    private static func preset(_ fleet: Fleet, _ name: String = "eu", desired: Int = 1) async throws -> PresetID {
        try await fleet.addPreset(name, of: fleet.addTemplate().version, desired: desired)
    }

    @Test func `advice is told and recorded, and changes nothing`() async throws {
        try await Fleet.open { fleet in
            let preset = try await Self.preset(fleet, desired: 2)
            try await fleet.autoscale(preset, .advise)
            try await fleet.addClaims(of: preset, at: Self.burst)
            let (plan, applied) = try await fleet.pass(at: Self.moment)
            #expect(applied.created == [preset: 2])
            let pool = try #require(plan.presets.first)
            let advice = try #require(pool.size?.autoscale)
            #expect(pool.state.desired == 2 && pool.size?.desired == 2 && pool.size?.scheduled == 2)
            #expect(!advice.decides && advice.target == 20)
            #expect(advice.text.hasPrefix("20 = floor 2, season ") && advice.text.contains(", burst 20"))
            #expect(try await fleet.value("SELECT size->'autoscale'->>'text' FROM prebuild_decisions") == advice.text)
            #expect(plan.targets[preset]?.size == 20)
        }
    }

    @Test func `a pool that decides has the size that it chooses, within its bounds, and the schedule is a floor`()
        async throws
    {
        try await Fleet.open { fleet in
            let preset = try await Self.preset(fleet)
            try await fleet.autoscale(preset, .apply, max: 7)
            try await fleet.addClaims(of: preset, at: Self.burst)
            #expect(try await fleet.pass(at: Self.moment).applied.created == [preset: 7])
            // Nothing more, however often it is looked at.
            #expect(try await fleet.pass(at: Self.moment + .seconds(30)).applied.created == [:])
            try await fleet.autoscale(preset, .apply, min: 9, max: 12)
            #expect(try await fleet.pass(at: Self.moment + .seconds(90)).plan.presets[0].state.desired == 12)
            try await fleet.sql("UPDATE template_version_presets SET desired_instances = 11")
            // The size of the burst is held for ten minutes after it.
            let tomorrow = Fleet.now + .seconds(30 * 3_600)
            #expect(try await fleet.pass(at: tomorrow).plan.presets[0].state.desired == 12)
            let later = try await fleet.pass(at: tomorrow + .seconds(660)).plan.presets[0]
            #expect(later.state.desired == 11)
            #expect(later.size?.autoscale?.text.hasPrefix("11 = floor 11, season ") == true)
        }
    }

    @Test func `every claim is learned once, by whatever process, and not before it is sure to be seen`() async throws {
        try await Fleet.open { fleet in
            let preset = try await Self.preset(fleet)
            try await fleet.autoscale(preset, .apply)
            // The past, and ten seconds ago, which is too early to be sure.
            try await fleet.addClaims(of: preset, at: [-8 * 86_400, -3_600, 80, 95])
            try await fleet.pass(at: Fleet.now + .seconds(105))
            var learned = try await fleet.learned()
            #expect(learned.open == 1 && learned.closed > 1)
            let closed = learned.closed
            try await fleet.addClaims(of: preset, at: [103, 104, 120])
            try await fleet.addClaims(of: preset, at: [106], "error")
            try await fleet.pass(at: Fleet.now + .seconds(110))
            #expect(try await fleet.learned().open == 2)
            for _ in 0..<3 { try await fleet.pass(at: Fleet.now + .seconds(140)) }
            learned = try await fleet.learned()
            #expect(learned.open == 5 && learned.closed == closed)
            try await fleet.pass(at: Fleet.now + .seconds(901))
            learned = try await fleet.learned()
            #expect(learned.open == 0 && abs(learned.closed - closed - 5) < 1e-9)
            // Hits of a pool that the schedule does not hold up lower what is planned for, once each.
            #expect(learned.theta < Self.goal)
        }
    }

    @Test(arguments: [
        ("miss_empty", "none is ready", true), ("miss_empty", "", true), ("hit", "it waited for a refill", true),
        ("miss_empty", "The newest 3 builds of this preset all failed.", false), ("miss_unmatched", "", false),
        ("miss_paused", "", false), ("miss_capped", "", false),
    ])
    func `only misses that a larger pool would have served raise what is planned for`(
        outcome: String,
        reason: String,
        raises: Bool
    ) async throws {
        try await Fleet.open { fleet in
            let preset = try await Self.preset(fleet)
            try await fleet.autoscale(preset, .apply)
            try await fleet.pass()
            try await fleet.addClaims(of: preset, at: [1], outcome, reason: reason)
            try await fleet.pass(at: Fleet.now + .seconds(20))
            let learned = try await fleet.learned()
            #expect(learned.open == 1)
            #expect(abs(learned.theta - Self.goal - (raises ? 0.076 : 0)) < 1e-9)
        }
    }

    @Test func `a pool that only advises plans for its goal, whatever its schedule serves`() async throws {
        try await Fleet.open { fleet in
            let preset = try await Self.preset(fleet)
            try await fleet.autoscale(preset, .advise)
            try await fleet.pass()
            try await fleet.addClaims(of: preset, at: 1...10, "miss_empty")
            try await fleet.pass(at: Fleet.now + .seconds(30))
            let learned = try await fleet.learned()
            #expect(learned.open == 10 && abs(learned.theta - Self.goal) < 1e-9)
        }
    }

    @Test func `a process that kept the patterns and one that reads them plan the same`() async throws {
        try await Fleet.open { fleet in
            let preset = try await Self.preset(fleet)
            try await fleet.autoscale(preset, .apply)
            try await fleet.addClaims(of: preset, at: stride(from: -14 * 86_400, to: 0, by: 1_700))
            try await fleet.pass()
            let memory = SizingMemory()
            let kept = try await fleet.store.snapshot(at: Fleet.now + .seconds(60), limits: .none, memory: memory)
            let again = try await fleet.store.snapshot(at: Fleet.now + .seconds(60), limits: .none, memory: memory)
            let read = try await fleet.store.snapshot(at: Fleet.now + .seconds(60), limits: .none)
            #expect(kept.snapshot == again.snapshot && kept.snapshot == read.snapshot)
            let state = try #require(read.snapshot.presets[0].sizing?.learning?.state)
            #expect(state.season.mean > 0)
            // What was learned and stored is what the plan had.
            let history = try #require(
                try await fleet.store.snapshot(at: Fleet.now, limits: .none).snapshot.presets[0].sizing?.learning
            )
            #expect(history.state == state)
        }
    }

    @Test func `many pools begin and store their patterns in several passes, and none forgets its past`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            try await fleet.sql(
                """
                INSERT INTO template_version_presets (template_version_id, name, desired_instances, autoscale_mode)
                SELECT \(template.version), 'p' || n, 0, 'advise' FROM generate_series(1, 70) n
                """
            )
            try await fleet.sql(
                """
                INSERT INTO workspace_claims (template_id, preset_id, outcome, bound_at, created_at)
                SELECT \(template.id), id, 'hit', \(Fleet.now - .seconds(86_400)), \(Fleet.now - .seconds(86_400))
                FROM template_version_presets
                """
            )
            let memory = PlanMemory()
            var stored: [Int] = []
            for step in 0..<6 {
                try await fleet.pass(at: Fleet.now + .seconds(step), memory: memory)
                stored.append(try await fleet.count(of: "pool_sizing"))
            }
            #expect(stored == [16, 32, 48, 64, 70, 70])
            // Two weeks' quarters of an hour later all have moved on, 64 of them at first.
            let moved: SQL = "SELECT count(DISTINCT open_slot) FROM pool_sizing"
            try await fleet.pass(at: Fleet.now + .seconds(901), memory: memory)
            #expect(try await fleet.value(moved, as: Int.self) == 2)
            try await fleet.pass(at: Fleet.now + .seconds(902), memory: memory)
            #expect(try await fleet.value(moved, as: Int.self) == 1)
            #expect(
                try await fleet.value(
                    "SELECT count(*) FROM pool_sizing WHERE abs((SELECT sum(c) FROM unnest(claims) c) - 1) < 1e-9",
                    as: Int.self
                ) == 70
            )
        }
    }

    @Test func `a pool of all versions learns, and one that sizes itself by nothing costs nothing`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let old = try await fleet.addPreset("eu", of: template.version, desired: 1)
            let new = try await fleet.addPreset("eu", of: fleet.addVersion(of: template.id), desired: 1)
            try await fleet.pass()
            #expect(try await fleet.count(of: "pool_sizing") == 0)
            try await fleet.autoscale(new, .apply)
            try await fleet.pass()
            try await fleet.addClaims(of: old, at: [1, 2])
            try await fleet.addClaims(of: new, at: [3])
            let plan = try await fleet.pass(at: Fleet.now + .seconds(60), of: [new]).plan
            #expect(plan.presets.map(\.pool.presetID) == [new])
            #expect(try await fleet.learned().open == 3)
        }
    }

    @Test func `the lead time is measured, with the agents`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset("eu", of: template.version, desired: 0)
            try await fleet.autoscale(preset, .apply, min: 0)
            try await fleet.addWorkspace(of: preset)
            try await fleet.pass()
            #expect(try await fleet.value("SELECT lead_time FROM pool_sizing", as: Double.self) == 3_600)
            try await fleet.sql("UPDATE provisioner_jobs SET completed_at = started_at + interval '1 minute'")
            // Some minutes later, not at each pass.
            try await fleet.pass(at: Fleet.now + .seconds(60))
            #expect(try await fleet.value("SELECT lead_time FROM pool_sizing", as: Double.self) == 3_600)
            try await fleet.pass(at: Fleet.now + .seconds(360))
            #expect(try await fleet.value("SELECT lead_time FROM pool_sizing", as: Double.self) == 60)
        }
    }

    @Test func `a mode of another release takes its preset out of the pass, by name, and no other`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let strange = try await fleet.addPreset("strange", of: template.version, desired: 1)
            let good = try await fleet.addPreset("good", of: template.version, desired: 1)
            try await fleet.sql("UPDATE template_version_presets SET autoscale_mode = 'dream' WHERE id = \(strange)")
            let (plan, applied) = try await fleet.pass()
            #expect(applied.created == [good: 1])
            #expect(plan.unreadable.map(\.presetName) == ["strange"])
            #expect(plan.unreadable[0].message.contains("autoscale_mode 'dream'"))
        }
    }
}
