// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import TestSupport
import Testing
import Time

@testable import Store

/// Sizes that operators set without a new version, and the fall-back to the schedule.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct PoolOverrideTests {
    @Test func `a fixed size is in force at once, beside the template's number, and outlives a new version`()
        async throws
    {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let old = try await fleet.addPreset("eu", of: template.version, desired: 1)
            let changed = try await fleet.store.setPool(
                "GO-DEV",
                "eu",
                to: PoolNumbers(instances: 4),
                reason: "demo",
                by: "alice"
            )
            #expect(changed.presetID == old && changed.override?.instances == 4 && changed.replaced == nil)
            let (plan, applied) = try await fleet.pass(at: nil)
            #expect(applied.created == [old: 4])
            let size = try #require(plan.presets[0].size)
            #expect(size.scheduled == 1 && size.desired == 4)
            #expect(size.sentences == ["size: 4 instances set by alice (demo); the template says 1"])
            #expect(try await fleet.value("SELECT size->'override'->>'set_by' FROM prebuild_decisions") == "alice")

            let new = try await fleet.addPreset("eu", of: fleet.addVersion(of: template.id), desired: 2)
            let next = try await fleet.pass(at: nil).plan.presets.first { $0.pool.presetID == new }
            #expect(next?.state.desired == 4 && next?.size?.scheduled == 2)
            let reset = try await fleet.store.resetPool("go-dev", "eu")
            #expect(reset.override == nil && reset.replaced?.setBy == "alice")
            #expect(try await fleet.pass(at: nil).plan.presets.first { $0.isActive }?.state.desired == 2)
            #expect(try await fleet.store.resetPool("go-dev", "eu").replaced == nil)
        }
    }

    @Test func `it ends when it was to end, and the pass after it is awaited`() async throws {
        try await Fleet.open { fleet in
            let preset = try await fleet.addPreset("eu", of: fleet.addTemplate().version, desired: 1)
            let end = Fleet.now + .seconds(300)
            _ = try await fleet.store.setPool("go-dev", "eu", to: PoolNumbers(instances: 3), until: end, by: "alice")
            let plan = try await fleet.pass().plan
            #expect(plan.presets[0].state.desired == 3 && plan.nextScheduleEdge == end)
            let before = try await fleet.store.snapshot(at: end - .microseconds(1), limits: .none).snapshot
            #expect(before.presets[0].sizing?.override?.until == end)
            let after = try await fleet.pass(at: end).plan.presets[0]
            #expect(after.state.desired == 1 && after.size == nil && after.pool.presetID == preset)
        }
    }

    @Test func `other numbers are those of autoscaling; a second override takes the place of the first`() async throws {
        try await Fleet.open { fleet in
            let preset = try await fleet.addPreset("eu", of: fleet.addTemplate().version, desired: 1)
            try await fleet.autoscale(preset, .off, goal: 0.9, min: 2, max: 30)
            func set(_ numbers: PoolNumbers) async throws -> AutoscaleSettings? {
                _ = try await fleet.store.setPool("go-dev", "eu", to: numbers, by: "alice")
                return try await fleet.store.snapshot(at: nil, limits: .none).snapshot.presets[0].sizing?.settings
            }
            #expect(
                try await set(PoolNumbers(mode: .apply, max: 5))
                    == AutoscaleSettings(mode: .apply, goal: 0.9, min: 2, max: 5)
            )
            #expect(
                try await set(PoolNumbers(mode: .advise, goal: 0.99, min: 40))
                    == AutoscaleSettings(mode: .advise, goal: 0.99, min: 40, max: 40)
            )
            #expect(try await set(PoolNumbers(max: 1)) == AutoscaleSettings(mode: .off, goal: 0.9, min: 1, max: 1))
        }
    }

    @Test func `a pool of a fixed size learns nevertheless, and its hits calibrate nothing`() async throws {
        try await Fleet.open { fleet in
            let preset = try await fleet.addPreset("eu", of: fleet.addTemplate().version, desired: 1)
            try await fleet.autoscale(preset, .apply)
            _ = try await fleet.store.setPool("go-dev", "eu", to: PoolNumbers(instances: 9), by: "alice")
            let moment = try await fleet.store.now()
            let plan = try await fleet.pass(at: moment).plan.presets[0]
            #expect(plan.state.desired == 9 && plan.size?.autoscale?.decides == false)
            #expect(plan.size?.sentences.last?.hasPrefix("autoscale would be: 1 = floor 1") == true)
        }
    }

    @Test func `the schedule decides while a pool has fallen back, until somebody turns it on again`() async throws {
        try await Fleet.open { fleet in
            let preset = try await fleet.addPreset("eu", of: fleet.addTemplate().version, desired: 2)
            try await fleet.autoscale(preset, .apply)
            try await fleet.addClaims(of: preset, at: stride(from: 0, to: 600, by: 10))
            try await fleet.pass(at: Fleet.now + .seconds(600))
            let key = try await PoolKey(templateID: fleet.value("SELECT id FROM templates"), presetName: "eu")
            let worse = SizingReplay(
                claims: 240,
                auto: .init(hitRatio: 0.9, idleMean: 3.1),
                schedule: .init(hitRatio: 0.95, idleMean: 2.9)
            )
            #expect(worse.isWorse)
            try await fleet.store.record(worse, of: key)
            let fallen = try await fleet.pass(at: Fleet.now + .seconds(660)).plan.presets[0]
            #expect(fallen.state.desired == 2)
            #expect(fallen.size?.autoscale?.decides == false && fallen.size?.autoscale?.target == 20)
            #expect(fallen.size?.autoscale?.fallback?.message == worse.message)
            #expect(
                worse.message == "of the last week's 240 claims, the pool's own size gave 90.0% hits with 3.1 idle, "
                    + "the schedule 95.0% hits with 2.9 idle"
            )
            _ = try await fleet.store.setPool("go-dev", "eu", to: PoolNumbers(mode: .apply), by: "alice")
            #expect(
                try await fleet.pass(at: Fleet.now + .seconds(720)).plan.presets[0].size?.autoscale?.decides == true
            )
        }
    }

    @Test func `names that do not exist, and presets without a pool, are refused`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset("bare", of: template.version, desired: nil)
            await #expect(throws: StoreError.self) {
                _ = try await fleet.store.setPool("go-dev", "none", to: PoolNumbers(instances: 1), by: "alice")
            }
            await #expect(throws: StoreError.self) {
                _ = try await fleet.store.setPool("nothing", "bare", to: PoolNumbers(instances: 1), by: "alice")
            }
            let refusal = await #expect(throws: StoreError.self) {
                _ = try await fleet.store.setPool("go-dev", "bare", to: PoolNumbers(instances: 1), by: "alice")
            }
            #expect(refusal?.code == .conflict)
            #expect(try await fleet.count(of: "pool_overrides") == 0)
        }
    }

    /// The brake counts orders no further than it must, and must count far enough for the sizes that others set.
    @Test func `a large override does not disarm the runaway brake`() async throws {
        try await Fleet.open { fleet in
            let preset = try await fleet.addPreset("eu", of: fleet.addTemplate().version, desired: 1)
            _ = try await fleet.store.setPool("go-dev", "eu", to: PoolNumbers(instances: 3), by: "alice")
            for index in 0..<35 {
                try await fleet.addWorkspace(
                    of: preset,
                    .init(status: .canceled, createdAt: Fleet.now - .seconds(60 + index))
                )
            }
            let plan = try await fleet.pass().plan.presets[0]
            #expect(plan.status == .hardLimited && plan.creations == 0)
        }
    }
}
