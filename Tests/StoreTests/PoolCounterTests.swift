// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds
import TestSupport
import Testing
import Time

@testable import Store

/// How pools did within a time.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct PoolCounterTests {
    /// A claim so many seconds ago.
    private static func claim(
        _ fleet: Fleet,
        _ preset: PresetID,
        ago: Int,
        _ outcome: String,
        reason: String = "",
        bind: Double? = nil,
        usable: Double? = nil,
        of workspace: WorkspaceID? = nil
    ) async throws {
        try await fleet.sql(
            """
            INSERT INTO workspace_claims (template_id, preset_id, workspace_id, outcome, outcome_reason, created_at, bound_at, usable_at)
            SELECT v.template_id, p.id, \(workspace), \(outcome), \(reason), at, at + make_interval(secs => \(bind)),
                at + make_interval(secs => \(usable))
            FROM template_version_presets p JOIN template_versions v ON v.id = p.template_version_id,
                LATERAL (SELECT now() - make_interval(secs => \(Double(ago))) AS at) t
            WHERE p.id = \(preset)
            """
        )
    }

    /// A prebuild that was ordered and became ready so many seconds ago.
    private static func prebuild(_ fleet: Fleet, _ preset: PresetID, ordered: Int, ready: Int) async throws
        -> WorkspaceID
    {
        let now = try await fleet.store.now()
        let made = try await fleet.addWorkspace(
            of: preset,
            createdAt: now - .seconds(ordered),
            .init(createdAt: now - .seconds(ordered))
        )
        try await fleet.sql(
            "UPDATE provisioner_jobs SET completed_at = \(now - .seconds(ready)) WHERE id = \(made.jobs[0])"
        )
        return made.id
    }

    @Test func `claims are counted by outcome, with their times, over all versions and within the window`() async throws
    {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let old = try await fleet.addPreset("eu", of: template.version, desired: 1)
            let new = try await fleet.addPreset("eu", of: fleet.addVersion(of: template.id), desired: 1)
            let other = try await fleet.addPreset(
                "us",
                of: fleet.value("SELECT active_version_id FROM templates"),
                desired: 1
            )
            try await Self.claim(fleet, old, ago: 3_000, "hit", bind: 0.5, usable: 4)
            try await Self.claim(fleet, new, ago: 2_000, "hit", bind: 0.1, usable: 2)
            try await Self.claim(fleet, new, ago: 1_900, "hit", reason: "it waited for a refill", bind: 30, usable: 60)
            try await Self.claim(fleet, new, ago: 1_800, "miss_empty", bind: 0.2)
            try await Self.claim(fleet, new, ago: 1_700, "miss_unmatched", bind: 0.3)
            try await Self.claim(fleet, new, ago: 1_600, "error")
            try await Self.claim(fleet, new, ago: 4_000, "hit")
            try await Self.claim(fleet, other, ago: 100, "miss_empty")
            let counters = try await fleet.store.poolCounters(over: .seconds(3_600))
            let pool = try #require(counters[new])
            #expect(Set(counters.keys) == [new, other])
            #expect(pool.claims == 5 && pool.hits == 3 && pool.hitRatio == 0.6 && pool.errors == 1)
            #expect(pool.misses == ["miss_empty": 1, "miss_unmatched": 1] && pool.waited == 1)
            func near(_ value: Double?, _ expected: Double) -> Bool { value.map { abs($0 - expected) < 1e-3 } ?? false }
            #expect(near(pool.bind.p50, 0.3) && near(pool.bind.p95, 30))
            #expect(near(pool.usable.p50, 4) && near(pool.usable.p95, 60))
            #expect(counters[other]?.misses == ["miss_empty": 1] && counters[other]?.hitRatio == 0)
            #expect(try await fleet.store.poolCounters(over: .seconds(3_600), of: [other]).keys.sorted() == [other])
            #expect(try await fleet.store.poolCounters(over: .seconds(50))[new]?.hitRatio == nil)
        }
    }

    @Test func `idle time is what ready prebuilds waited, claimed or removed or still there`() async throws {
        try await Fleet.open { fleet in
            let preset = try await fleet.addPreset("eu", of: fleet.addTemplate().version, desired: 1)
            let ada = try await fleet.addUser("ada")
            // Idle for 1,000 s until it was claimed; the time before the window does not count for the second.
            let claimed = try await Self.prebuild(fleet, preset, ordered: 2_100, ready: 2_000)
            let early = try await Self.prebuild(fleet, preset, ordered: 9_000, ready: 8_000)
            for workspace in [claimed, early] {
                try await fleet.sql(
                    "UPDATE workspaces SET owner_id = \(ada), claimed_at = now() WHERE id = \(workspace)"
                )
                try await Self.claim(fleet, preset, ago: 1_000, "hit", bind: 0, of: workspace)
            }
            // Idle for 400 s until it was removed, and 300 s so far.
            let removed = try await Self.prebuild(fleet, preset, ordered: 700, ready: 600)
            try await fleet.addBuild(
                .init(transition: .delete, createdAt: fleet.store.now() - .seconds(200)),
                to: removed,
                of: preset
            )
            try await fleet.sql("UPDATE workspaces SET retiring = true, deleted = true WHERE id = \(removed)")
            _ = try await Self.prebuild(fleet, preset, ordered: 310, ready: 300)
            let building = try await fleet.addWorkspace(
                of: preset,
                .init(status: .running, createdAt: fleet.store.now() - .seconds(50))
            )
            _ = building
            _ = try await fleet.addWorkspace(
                of: preset,
                .init(status: .failed, createdAt: fleet.store.now() - .seconds(60))
            )
            let pool = try #require(try await fleet.store.poolCounters(over: .seconds(3_600))[preset])
            #expect(abs(pool.idle - (1_000 + 2_600 + 400 + 300)) < 5, "\(pool.idle)")
            #expect(pool.wastedBuilds == 1 && pool.ordered == 5 && pool.failed == 1)
            let ready = try #require(pool.readyTime)
            #expect(abs(ready.p50 - 100) < 1 && abs(ready.p90 - 100) < 1)
        }
    }

    @Test func `decisions are read newest first, of all versions, from a moment on`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let old = try await fleet.addPreset("eu", of: template.version, desired: 1)
            try await fleet.pass()
            let new = try await fleet.addPreset("eu", of: fleet.addVersion(of: template.id), desired: 2)
            try await fleet.pass(at: Fleet.now + .seconds(60))
            let all = try await fleet.store.decisions(template: "go-dev", preset: "eu", since: Fleet.now, limit: 10)
            #expect(Set(all.map(\.presetID)) == [old, new])
            #expect(all.map(\.id) == all.map(\.id).sorted(by: >))
            #expect(all.last?.state.desired == 1 && all.last?.actions.first?.type == "create")
            let late = try await fleet.store.decisions(
                template: "go-dev",
                preset: "eu",
                since: Fleet.now + .seconds(1),
                limit: 10
            )
            #expect(late.count == all.count - 1 && late.allSatisfy { $0.at == Fleet.now + .seconds(60) })
            #expect(
                try await fleet.store.decisions(template: "go-dev", preset: "eu", since: Fleet.now, limit: 1).map(\.id)
                    == [all[0].id]
            )
            // What another release has recorded is shown as far as it is known.
            try await fleet.sql("UPDATE prebuild_decisions SET actions = '[{\"type\": 3}]', size = '{\"a\": 1}'")
            #expect(
                try await fleet.store.decisions(template: "go-dev", preset: "eu", since: Fleet.now, limit: 10).count
                    == all.count
            )
        }
    }
}
