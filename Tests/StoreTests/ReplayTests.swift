// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import Store
import TestSupport
import Testing
import Time

@testable import Worker

/// The nightly replay of pools that size themselves.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct ReplayTests {
    @Test func `a pool is replayed once a night, and only while it decides`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let eu = try await fleet.addPreset("eu", of: template.version, desired: 1)
            let advised = try await fleet.addPreset("advised", of: template.version, desired: 1)
            let fixed = try await fleet.addPreset("fixed", of: template.version, desired: 1)
            let quiet = try await fleet.addPreset("quiet", of: template.version, desired: 1)
            for preset in [eu, fixed, quiet] { try await fleet.autoscale(preset, .apply) }
            try await fleet.autoscale(advised, .advise)
            for preset in [eu, advised, fixed] {
                try await fleet.addClaims(of: preset, at: stride(from: -8 * 86_400, to: 0, by: 1_800))
            }
            try await fleet.pass()
            try await fleet.sql(
                """
                INSERT INTO pool_overrides (template_id, preset_name, instances, set_by)
                VALUES (\(template.id), 'fixed', 3, 'alice')
                """
            )
            let service = SizingReplays(store: fleet.store, limits: .none, logger: .silent)
            func replayed() async throws -> [String] {
                try await fleet.column("SELECT preset_name FROM pool_sizing WHERE replay IS NOT NULL ORDER BY 1")
            }
            // The pass was at noon; three in the night has not come.
            try await service.replayDue(at: Fleet.now + .seconds(3_600))
            #expect(try await replayed() == [])
            try await service.replayDue(at: Fleet.now + .seconds(16 * 3_600))
            #expect(try await replayed() == ["eu"])
            let replay = try await fleet.sql(
                """
                SELECT (replay->>'claims')::bigint AS claims, (replay->'auto'->>'hit_ratio')::float8 AS hits,
                    fallback_until IS NULL AS goes_on
                FROM pool_sizing WHERE replay IS NOT NULL
                """
            ).only()
            // Seven days before the replay, the last sixteen hours without claims.
            #expect(try replay["claims"] as Int == 2 * (7 * 24 - 16))
            #expect(try replay["hits"] as Double > 0.9)
            #expect(try replay["goes_on"] as Bool)
            try await fleet.sql("UPDATE pool_sizing SET replay = NULL")
            try await service.replayDue(at: Fleet.now + .seconds(17 * 3_600))
            #expect(try await replayed() == [])
        }
    }

    @Test func `of two workers one replays a pool`() async throws {
        try await Fleet.open { fleet in
            let preset = try await fleet.addPreset("eu", of: fleet.addTemplate().version, desired: 1)
            try await fleet.autoscale(preset, .apply)
            try await fleet.pass()
            let pool = try #require(try await fleet.store.replays().first)
            #expect(try await fleet.store.beginReplay(of: pool.key, after: pool.value))
            #expect(try await !fleet.store.beginReplay(of: pool.key, after: pool.value))
        }
    }
}
