// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing
import Time

@testable import Store

/// What a pool was like over time.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct PoolHistoryTests {
    private static func claim(_ fleet: Fleet, _ preset: PresetID, at moment: Instant, _ outcome: String) async throws {
        try await fleet.sql(
            """
            INSERT INTO workspace_claims (template_id, preset_id, outcome, created_at, bound_at)
            SELECT v.template_id, p.id, \(outcome), \(moment) - interval '20 minutes', \(moment)
            FROM template_version_presets p JOIN template_versions v ON v.id = p.template_version_id WHERE p.id = \(preset)
            """
        )
    }

    @Test func `a sample has the claims that were served since the one before, and is written once`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset("eu", of: template.version, desired: 3)
            let other = try await fleet.addPreset("us", of: template.version, desired: 1)
            let start = Instant(seconds: 1_750_000_200)
            let samples = [
                PoolSample(presetID: preset, desired: 3, ready: 2, starting: 1),
                PoolSample(presetID: other, desired: 1, ready: 1, starting: 0),
            ]
            for (offset, outcome) in [(10, "hit"), (20, "miss_empty"), (30, "error"), (310, "hit"), (-310, "hit")] {
                try await Self.claim(fleet, preset, at: start + .seconds(offset), outcome)
            }
            try await fleet.store.record(samples, at: start)
            try await fleet.store.record(samples, at: start + .seconds(300))
            try await fleet.store.record([], at: start + .seconds(300))
            try await fleet.store.record(samples, at: start + .seconds(300))
            let history = try await fleet.store.history(of: "GO-dev", "eu", .hour, to: start + .seconds(300))
            #expect(history.templateName == "go-dev" && history.step == 300)
            // The first one looks back for an hour.
            #expect(history.points.map(\.claims) == [1, 2] && history.points.map(\.misses) == [0, 1])
            #expect(history.points.map(\.at) == [start, start + .seconds(300)])
            #expect(history.points.map(\.ready) == [2, 2] && history.points.map(\.desired) == [3, 3])
            let quiet = try await fleet.store.history(of: "go-dev", "us", .day, to: start + .seconds(300))
            #expect(quiet.points.map(\.claims) == [0, 0])
        }
    }

    @Test func `after a day an hour's samples become one, and retention removes what is old`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset("eu", of: template.version, desired: 3)
            try await fleet.sql(
                """
                INSERT INTO pool_history (template_id, preset_name, at, desired, ready, claims, misses)
                SELECT \(template.id), 'eu', date_bin('1 hour', now(), 'epoch') - interval '30 hours' + n * interval '5 minutes',
                    4, n % 2, 1, n % 2
                FROM generate_series(1, 36) n
                """
            )
            let week = try await fleet.store.history(of: "go-dev", "eu", .week)
            #expect(week.points.map(\.claims) == [12, 12, 12] && week.points.map(\.ready) == [0.5, 0.5, 0.5])
            #expect(try await fleet.store.thinHistory() == 12)
            #expect(try await fleet.store.history(of: "go-dev", "eu", .week).points == week.points)
            while try await fleet.store.thinHistory() > 0 {}
            #expect(try await fleet.value("SELECT count(*) FROM pool_history WHERE seconds = 3600") == 3)
            #expect(try await fleet.value("SELECT count(*) FROM pool_history") == 3)
            #expect(try await fleet.store.history(of: "go-dev", "eu", .week).points == week.points)
            // What is younger than a day stays as it is.
            try await fleet.store.record(
                [PoolSample(presetID: preset, desired: 1, ready: 1, starting: 0)],
                at: try await fleet.value("SELECT date_bin('5 minutes', now(), 'epoch')")
            )
            #expect(try await fleet.store.thinHistory() == 0)
            #expect(try await fleet.store.prune(.history, olderThan: .seconds(28 * 3600)) == 2)
            #expect(try await fleet.value("SELECT count(*) FROM pool_history") == 2)
        }
    }

    @Test func `unknown names are refused`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            _ = try await fleet.addPreset("eu-base", of: template.version, desired: 3)
            for (template, preset) in [("go-dv", "eu-base"), ("go-dev", "eu-bse")] {
                let error = await #expect(throws: StoreError.self) {
                    _ = try await fleet.store.history(of: template, preset, .day)
                }
                #expect(error?.code == .notFound)
            }
        }
    }

    @Test func `a thousand pools are one statement`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            try await fleet.sql(
                """
                INSERT INTO template_version_presets (template_version_id, name, desired_instances)
                SELECT \(template.version), 'p' || n, 1 FROM generate_series(1, 1000) n
                """
            )
            let presets: [PresetID] = try await fleet.column("SELECT id FROM template_version_presets")
            let samples = presets.map { PoolSample(presetID: $0, desired: 1, ready: 1, starting: 0) }
            let before = try await fleet.value("SELECT count(*) FROM pool_history", as: Int.self)
            try await fleet.store.record(samples, at: Instant(seconds: 1_750_000_200))
            #expect(try await fleet.value("SELECT count(*) FROM pool_history", as: Int.self) == before + 1000)
        }
    }
}
