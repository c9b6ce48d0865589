// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import TestSupport
import Testing

@testable import Store

/// How a pushed version takes over from the one before, in the database.
@Suite(.database(.migrated), .timeLimit(.minutes(2))) struct RolloutTests {
    @Test func `a push takes over step by step, and claims are served all the time`() async throws {
        try await RolloutRoom.open { room in
            try await room.push("v1", files: "one")
            try await room.settle()
            #expect(try await room.ready() == ["v1 4"])
            #expect(try await room.fleet.store.rollouts().isEmpty)

            try await room.push("v2", files: "two")
            let first = try await room.pass()
            #expect(first.applied.deleted.isEmpty && first.applied.createdTotal == 1)
            #expect(try await room.ready() == ["v1 4"])
            let served = try await room.claim("one")
            #expect(served.outcome == .hit && served.reason == "previous_version")
            #expect(try await room.version(of: served.workspaceID) == "v1")
            let fresh = try await room.claim("two", latest: true)
            #expect(fresh.outcome == .missEmpty)
            #expect(try await room.version(of: fresh.workspaceID) == "v2")
            // The old pool is refilled while the new version is not proven.
            #expect(try await room.pass().applied.createdTotal == 1)

            try await room.settle()
            #expect(try await room.ready() == ["v2 4"])
            #expect(try await room.status() == "completed")
            #expect(try await room.events() == ["rollout_completed"])
            let latest = try await room.claim("three")
            #expect(latest.outcome == .hit && latest.reason.isEmpty)
            #expect(try await room.version(of: latest.workspaceID) == "v2")
        }
    }

    @Test func `it ends also under claims that never let all new ones be ready at once`() async throws {
        try await RolloutRoom.open { room in
            try await room.push("v1", files: "one")
            try await room.settle()
            try await room.push("v2", files: "two")
            for number in 1...6 {
                try await room.pass()
                try await room.build(50, broken: [])
                #expect(try await room.claim("c\(number)").outcome == .hit)
            }
            #expect(try await room.status() == "completed")
            #expect(try await room.ready() == ["v2 3"])
        }
    }

    @Test func `a push of a broken version leaves every good prebuild, and says so once`() async throws {
        try await RolloutRoom.open { room in
            try await room.push("v1", files: "one", instances: 5)
            try await room.settle()
            let good: [String] = try await room.fleet.column("SELECT id::text FROM workspaces ORDER BY id")
            try await room.push("v2", files: "two", instances: 5)
            try await room.settle(broken: "v2")
            #expect(try await room.ready() == ["v1 5"])
            #expect(try await room.status() == "held")
            #expect(try await room.events() == ["rollout_stopped"])
            let left: [String] = try await room.fleet.column(
                "SELECT id::text FROM workspaces WHERE NOT retiring AND NOT deleted AND id::text = ANY(\(good)) ORDER BY id"
            )
            #expect(left == good)
            // Claims are served, refilled, and built from the version that was proven.
            for number in 1...6 {
                let claim = try await room.claim("c\(number)")
                #expect(claim.outcome == (number <= 5 ? .hit : .missEmpty))
                #expect(try await room.version(of: claim.workspaceID) == "v1")
            }
            try await room.settle(broken: "v2")
            #expect(try await room.ready() == ["v1 5"])
            // A corrected version goes on from there.
            try await room.push("v3", files: "three", instances: 5)
            try await room.settle(broken: "v2")
            #expect(try await room.ready() == ["v3 5"])
            #expect(try await room.events() == ["rollout_stopped", "rollout_completed"])
        }
    }

    @Test func `a broken version is taken back where the preset says so`() async throws {
        try await RolloutRoom.open { room in
            let rollout = RolloutSettings(onFailure: .rollback)
            try await room.push("v1", files: "one", rollout: rollout)
            try await room.settle()
            try await room.push("v2", files: "two", rollout: rollout)
            try await room.settle(broken: "v2")
            #expect(try await room.fleet.store.templates().map(\.activeVersion) == ["v1"])
            #expect(try await room.ready() == ["v1 4"])
            let all = try await room.fleet.store.rollouts()
            #expect(all.map(\.status) == ["completed", "rolled_back"])
            #expect(all.map(\.isRollback) == [true, false])
        }
    }

    @Test func `a change of numbers adopts every prebuild, and nothing is rebuilt`() async throws {
        try await RolloutRoom.open { room in
            try await room.push("v1", files: "one")
            try await room.settle()
            let before: [String] = try await room.fleet.column("SELECT id::text FROM workspaces ORDER BY id")
            try await room.push("v2", files: "one", instances: 6, ttl: 86_400)
            #expect(try await room.ready() == ["v2 4"])
            let pass = try await room.pass()
            #expect(pass.applied.deleted.isEmpty && pass.applied.createdTotal == 2)
            try await room.settle()
            #expect(try await room.ready() == ["v2 6"])
            let rollout = try await room.fleet.store.rollout(of: "go-dev")
            #expect(rollout.status == "completed" && rollout.adopted == 4)
            try await room.push("v3", files: "one", instances: 4)
            try await room.settle()
            #expect(try await room.ready() == ["v3 4"])
            let claim = try await room.claim("mine")
            #expect(claim.outcome == .hit && claim.reason.isEmpty)
            #expect(before.contains("\(claim.workspaceID)"))
        }
    }

    @Test func `a push during a roll-out supersedes it`() async throws {
        try await RolloutRoom.open { room in
            try await room.push("v1", files: "one")
            try await room.settle()
            try await room.push("v2", files: "two")
            try await room.pass()
            try await room.push("v3", files: "three")
            #expect(try await room.fleet.store.rollouts().map(\.status) == ["running", "superseded"])
            #expect(try await room.claim("one").reason == "previous_version")
            try await room.settle()
            #expect(try await room.ready() == ["v3 4"])
            // Back to what an earlier version was: its files are proven.
            try await room.push("v4", files: "one")
            let pass = try await room.pass()
            #expect(pass.applied.createdTotal == 4)
        }
    }

    @Test func `an operator pauses, resumes and takes back`() async throws {
        try await RolloutRoom.open { room in
            let store = room.fleet.store
            await #expect(throws: StoreError.self) { try await store.pauseRollout(of: "go-dev") }
            try await room.push("v1", files: "one")
            try await room.settle()
            try await room.push("v2", files: "two")
            #expect(try await store.pauseRollout(of: "go-dev", reason: "lunch").status == "paused")
            try await room.settle()
            #expect(try await room.ready() == ["v1 4"])
            await #expect(throws: StoreError.self) { try await store.pauseRollout(of: "go-dev") }
            #expect(try await store.resumeRollout(of: "go-dev", by: "ada").status == "running")
            try await room.pass()
            #expect(try await store.rollBack("go-dev", by: "ada").isRollback)
            try await room.settle()
            #expect(try await room.ready() == ["v1 4"])
            #expect(try await store.templates().map(\.activeVersion) == ["v1"])
        }
    }

    @Test func `a pass for some pools leaves those of a roll-out to one for all`() async throws {
        try await RolloutRoom.open { room in
            try await room.push("v1", files: "one")
            try await room.settle()
            try await room.push("v2", files: "two")
            let presets: [PresetID] = try await room.fleet.column("SELECT id FROM template_version_presets")
            let pass = try await room.pass(of: Set(presets))
            #expect(pass.plan.undecided == Set(presets) && pass.applied.isEmpty)
            #expect(try await room.ready() == ["v1 4"])
        }
    }

    @Test func `a pass that ends before its commit has changed nothing`() async throws {
        try await RolloutRoom.open { room in
            try await room.push("v1", files: "one")
            try await room.settle()
            try await room.push("v2", files: "two")
            for _ in 0..<6 {
                let facts = try await room.facts()
                await #expect(throws: CancellationError.self) {
                    _ = try await room.fleet.store.pass(limits: room.limits) { pass in
                        let plan = Plan(snapshot: pass.snapshot, now: pass.now, limits: room.limits)
                        #expect(!plan.presets.isEmpty)
                        throw CancellationError()
                    }
                }
                #expect(try await room.facts() == facts)
                try await room.settle(rounds: 1)
            }
            try await room.settle()
            #expect(try await room.ready() == ["v2 4"])
        }
    }

    @Test func `presets written by hand are replaced at once, as before`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 2)
            try await fleet.addWorkspace(of: preset)
            _ = try await fleet.addPreset(of: fleet.addVersion(of: template.id), desired: 2)
            let pass = try await fleet.pass()
            #expect(pass.applied.deleted.count == 1 && pass.applied.createdTotal == 2)
            #expect(try await fleet.store.rollouts().isEmpty)
        }
    }
}

extension RolloutRoom {
    /// What a pass may change.
    fileprivate func facts() async throws -> [String] {
        try await fleet.column(
            """
            SELECT concat_ws(' ', w.id, w.retiring, w.deleted, w.claimable_preset_id) FROM workspaces w
            UNION ALL SELECT concat_ws(' ', j.id, j.job_status) FROM provisioner_jobs j
            UNION ALL SELECT concat_ws(' ', r.id, r.status) FROM template_rollouts r
            UNION ALL SELECT concat_ws(' ', p.id, p.canary_passed_at, p.predecessor_ids::text) FROM template_version_presets p
            ORDER BY 1
            """
        )
    }
}
