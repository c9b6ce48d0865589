// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing
import Time

/// What pools were asked for, as a simulation reads it.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct DemandTests {
    private static func add(_ fleet: Fleet, claimOf preset: PresetID, at offset: Int, _ outcome: String = "hit")
        async throws
    {
        try await fleet.sql(
            """
            INSERT INTO workspace_claims (preset_id, outcome, created_at)
            VALUES (\(preset), \(outcome), \(Fleet.now + .seconds(offset)))
            """
        )
    }

    @Test func `claims of all versions count, whatever came of them, but for errors`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let old = try await fleet.addPreset("eu", of: template.version, desired: 1)
            let other = try await fleet.addPreset("us", of: template.version, desired: 1)
            let stranger = try await fleet.addPreset("eu", of: fleet.addTemplate("rust").version, desired: 1)
            let new = try await fleet.addPreset("eu", of: fleet.addVersion(of: template.id), desired: 1)
            try await Self.add(fleet, claimOf: new, at: 30, "miss_empty")
            try await Self.add(fleet, claimOf: old, at: 10)
            try await Self.add(fleet, claimOf: old, at: 20, "error")
            try await Self.add(fleet, claimOf: old, at: -1)
            try await Self.add(fleet, claimOf: new, at: 60)
            try await Self.add(fleet, claimOf: other, at: 11)
            try await Self.add(fleet, claimOf: stranger, at: 12)
            let claims = try await fleet.store.claims(of: new, from: Fleet.now, to: Fleet.now + .seconds(60), limit: 10)
            #expect(claims == [Fleet.now + .seconds(10), Fleet.now + .seconds(30)])
            let first = try await fleet.store.claims(of: new, from: Fleet.now, to: Fleet.now + .seconds(60), limit: 1)
            #expect(first == [Fleet.now + .seconds(10)])
        }
    }

    @Test func `lead times are from order to ready, of first builds that succeeded`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset("eu", of: template.version, desired: 1)
            #expect(try await fleet.store.leadTimes(of: preset) == nil)
            for _ in 0..<10 { try await fleet.addWorkspace(of: preset) }
            try await fleet.addWorkspace(of: preset, .init(status: .failed))
            try await fleet.sql(
                """
                UPDATE provisioner_jobs j SET completed_at = b.created_at + n.seconds * interval '1 second'
                FROM workspace_builds b,
                    (SELECT id, row_number() OVER (ORDER BY created_at, id) * 10 AS seconds FROM workspace_builds) n
                WHERE b.job_id = j.id AND n.id = b.id AND j.job_status = 'succeeded'
                """
            )
            let times = try #require(try await fleet.store.leadTimes(of: preset))
            #expect(times.p50 >= 50 && times.p50 <= 60)
            #expect(times.p90 >= 90 && times.p90 <= 100)
        }
    }

    @Test func `a prebuild is ready when its agents are, and a claimant's own build is none`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let version = try await fleet.addVersion(of: template.id, agents: ["main"])
            let preset = try await fleet.addPreset("eu", of: version, desired: 1)
            let ready = try await fleet.addWorkspace(of: preset)
            try await fleet.addAgent(to: ready)
            try await fleet.sql(
                """
                UPDATE workspace_agents SET ready_at = b.created_at + interval '2 hours'
                FROM workspace_builds b WHERE b.id = \(ready.builds[0])
                """
            )
            // Its build has succeeded, and its agent has not reported yet; or there is no agent at all.
            let starting = try await fleet.addWorkspace(of: preset)
            try await fleet.addAgent(to: starting, state: "starting")
            try await fleet.addWorkspace(of: preset)
            // Built for a claimant, in an hour.
            let own = try await fleet.addWorkspace(of: preset, owner: fleet.addUser("ada"))
            try await fleet.addAgent(to: own)
            try await fleet.sql(
                "UPDATE workspace_builds SET initiator_id = \(UserID.random()) WHERE id = \(own.builds[0])"
            )
            let times = try #require(try await fleet.store.leadTimes(of: preset))
            #expect(times.p50 == 7_200 && times.p90 == 7_200)
        }
    }
}
