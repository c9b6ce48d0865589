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
}
