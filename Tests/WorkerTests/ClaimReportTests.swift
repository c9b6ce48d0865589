// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import Telemetry
import TestSupport
import Testing

@testable import Worker

/// Claims by any process, as Prometheus sees them from three workers.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct ClaimReportTests {
    private struct Worker {
        let registration = WorkerRegistration(
            name: "worker",
            hostname: "host",
            version: "1",
            tags: "{}",
            capacity: 1,
            leaseDuration: .seconds(60)
        )
        let registry = MetricsRegistry()
        let reporter: FleetReporter

        init(_ store: Store, hitsAreFinal: Bool = true) async throws {
            reporter = FleetReporter(
                store: store,
                worker: registration.id,
                registry: registry,
                hitsAreFinal: hitsAreFinal,
                logger: TestPools.logger
            )
            try await store.register(registration)
        }

        func lines(_ prefix: String = "stoker_", in future: Duration = .zero) -> [String] {
            registry.text(now: .now + future).split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
        }
    }

    private func claim(_ pools: TestPools, _ name: String) async throws -> ClaimResult {
        try await pools.store.claim(ClaimRequest(template: "go-dev", owner: "ada", name: name))
    }

    private func prepare(_ pools: TestPools) async throws {
        try await pools.sql("INSERT INTO users (username) VALUES ('ada')")
        let preset = try await pools.addPreset("us", desired: 2)
        try await pools.addStarting(2, of: preset)
        try await pools.finishBuilds()
    }

    /// The claim of a name that is taken names a template and no preset.
    private static let noPreset = #"template_name="go-dev",preset_name="",org_name="default""#
    private static let us = #"template_name="go-dev",preset_name="us",org_name="default""#

    @Test func `what every process claims is told once, by one worker`() async throws {
        try await TestPools.open { pools in
            try await prepare(pools)
            let workers = [
                try await Worker(pools.store), try await Worker(pools.store), try await Worker(pools.store),
            ]
            for worker in workers { await worker.reporter.report(.claims) }
            #expect(workers.map { $0.lines() } == [[], [], []])

            for name in ["a", "b", "c"] { _ = try await claim(pools, name) }
            await #expect(throws: StoreError.self) { _ = try await claim(pools, "a") }
            for _ in 0..<2 { for worker in workers { await worker.reporter.report(.claims) } }
            #expect(
                workers[0].lines("stoker_claims_total") == [
                    #"stoker_claims_total{outcome="error",\#(Self.noPreset)} 1"#,
                    #"stoker_claims_total{outcome="hit",\#(Self.us)} 2"#,
                    #"stoker_claims_total{outcome="miss_empty",\#(Self.us)} 1"#,
                ]
            )
            let pool = #"{template_name="go-dev",preset_name="us",org_name="default"}"#
            #expect(workers[0].lines("stoker_prebuilds_claimed_total") == ["stoker_prebuilds_claimed_total\(pool) 2"])
            #expect(
                workers[0].lines("stoker_claim_duration_seconds_count")
                    == [#"stoker_claim_duration_seconds_count{stage="bind"} 3"#]
            )
            #expect(workers[0].lines("stoker_claim_hit_ratio").count == 1)
            #expect(workers[1...].map { $0.lines() } == [[], []])

            // Usable when the builds have ended; counted once however often it is looked at, and by whom.
            try await pools.finishBuilds()
            try await pools.sql(
                "UPDATE workspace_claims SET usable_at = created_at + interval '7 seconds' WHERE outcome = 'hit'"
            )
            await workers[0].reporter.report(.claims)
            try await pools.store.setWorkerState(workers[0].registration.id, .draining, reason: "upgrade")
            workers[0].reporter.rest()
            for _ in 0..<2 { for worker in workers { await worker.reporter.report(.claims) } }
            #expect(workers[0].lines() == [])
            #expect(
                workers[1].lines(#"stoker_claim_duration_seconds_bucket{stage="usable""#).map { line in
                    line.split(separator: "le=")[1]
                } == [
                    "\"0.005\"} 0", "\"0.01\"} 0", "\"0.025\"} 0", "\"0.05\"} 0", "\"0.1\"} 0", "\"0.25\"} 0",
                    "\"0.5\"} 0", "\"1\"} 0", "\"2.5\"} 0", "\"5\"} 0", "\"10\"} 2", "\"30\"} 2", "\"60\"} 2",
                    "\"120\"} 2", "\"300\"} 2", "\"+Inf\"} 2",
                ]
            )
            #expect(
                workers[1].lines("stoker_claim_duration_seconds_sum{stage=\"usable\"")
                    == [#"stoker_claim_duration_seconds_sum{stage="usable"} 14"#]
            )
            // Retention takes rows, not counts.
            try await pools.sql("DELETE FROM workspace_claims")
            await workers[1].reporter.report(.claims)
            #expect(
                workers[1].lines("stoker_claims_total{outcome=\"hit\"") == [
                    #"stoker_claims_total{outcome="hit",\#(Self.us)} 2"#
                ]
            )
            #expect(workers[1].lines("stoker_claim_hit_ratio") == [])
        }
    }

    @Test func `where a policy may undo a claim, it is counted as what it came to`() async throws {
        try await TestPools.open { pools in
            try await prepare(pools)
            let worker = try await Worker(pools.store, hitsAreFinal: false)
            for name in ["kept", "undone"] {
                let outcome = try await claim(pools, name).outcome
                #expect(outcome == .hit)
            }
            await worker.reporter.report(.claims)
            #expect(worker.lines("stoker_claims_total") == [])
            // As a refused claim leaves it.
            try await pools.sql(
                """
                UPDATE workspace_claims SET outcome = 'miss_unmatched'
                WHERE workspace_id = (SELECT id FROM workspaces WHERE name = 'undone')
                """
            )
            try await pools.finishBuilds()
            for _ in 0..<2 { await worker.reporter.report(.claims) }
            #expect(
                worker.lines("stoker_claims_total") == [
                    #"stoker_claims_total{outcome="hit",\#(Self.us)} 1"#,
                    #"stoker_claims_total{outcome="miss_unmatched",\#(Self.us)} 1"#,
                ]
            )
            #expect(worker.lines("stoker_prebuilds_claimed_total").map { $0.suffix(2) } == [" 1"])
            #expect(worker.lines("stoker_claim_hit_ratio") == ["stoker_claim_hit_ratio 0.5"])
        }
    }

    @Test func `a claim of other values than its prebuild's is counted when the template has taken them`() async throws
    {
        try await TestPools.open { pools in
            try await prepare(pools)
            let worker = try await Worker(pools.store)
            for name in ["same", "other"] {
                let outcome = try await claim(pools, name).outcome
                #expect(outcome == .hit)
            }
            try await pools.sql(
                """
                INSERT INTO workspace_build_parameters (workspace_build_id, name, value)
                SELECT b.id, 'size', '99' FROM workspace_builds b JOIN workspaces w ON w.id = b.workspace_id
                WHERE w.name = 'other' AND b.reason = 'claim'
                """
            )
            await worker.reporter.report(.claims)
            #expect(worker.lines("stoker_claims_total") == [#"stoker_claims_total{outcome="hit",\#(Self.us)} 1"#])
            // As a refused claim leaves it.
            try await pools.sql(
                """
                UPDATE workspace_claims SET outcome = 'error'
                WHERE workspace_id = (SELECT id FROM workspaces WHERE name = 'other')
                """
            )
            try await pools.finishBuilds()
            await worker.reporter.report(.claims)
            #expect(
                worker.lines("stoker_claims_total") == [
                    #"stoker_claims_total{outcome="error",\#(Self.us)} 1"#,
                    #"stoker_claims_total{outcome="hit",\#(Self.us)} 1"#,
                ]
            )
        }
    }

    @Test func `claims of a program of the release before are counted too`() async throws {
        try await TestPools.open { pools in
            try await prepare(pools)
            let worker = try await Worker(pools.store)
            // The columns that it knows.
            try await pools.sql(
                """
                INSERT INTO workspace_claims (organization_id, template_id, preset_id, claimant_id, workspace_id, outcome,
                    idempotency_key, request_hash, bound_at)
                SELECT t.organization_id, t.id, p.id, u.id, gen_random_uuid(), 'hit', NULL, ''::bytea, now()
                FROM templates t, template_version_presets p, users u WHERE u.username = 'ada'
                """
            )
            await worker.reporter.report(.claims)
            #expect(worker.lines("stoker_claims_total") == [#"stoker_claims_total{outcome="hit",\#(Self.us)} 1"#])
            #expect(worker.lines("stoker_claim_hit_ratio") == ["stoker_claim_hit_ratio 1"])
        }
    }

    @Test func `what a worker tells ends with its lease`() async throws {
        try await TestPools.open { pools in
            try await prepare(pools)
            let worker = try await Worker(pools.store)
            _ = try await claim(pools, "a")
            await worker.reporter.report(.claims)
            #expect(worker.lines("stoker_claims_total", in: .seconds(50)).count == 1)
            #expect(worker.lines("stoker_claims_total", in: .seconds(61)) == [])
        }
    }
}
