// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Telemetry
import TestSupport
import Testing
import Time

@testable import Store
@testable import Worker

/// The metrics of queue and workers: told by one worker for all.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct FleetReporterTests {
    private struct Worker {
        let registration = WorkerRegistration(
            name: "worker",
            hostname: "",
            version: "1",
            tags: #"{"scope":"organization","owner":""}"#,
            capacity: 2,
            leaseDuration: .seconds(60)
        )
        let registry = MetricsRegistry()
        let reporter: FleetReporter

        init(_ store: Store) async throws {
            reporter = FleetReporter(
                store: store,
                worker: registration.id,
                registry: registry,
                logger: TestPools.logger
            )
            try await store.register(registration)
        }

        func lines(_ family: String) -> [String] {
            registry.text().split(separator: "\n").map(String.init).filter {
                $0.hasPrefix(family + "{") || $0.hasPrefix(family + " ")
            }
        }
    }

    /// Jobs that were put in by hand are for no pool.
    private static let noPool = #"template_name="",preset_name="",org_name="default""#

    @Test func `one worker counts the jobs and the workers, and another when it drains`() async throws {
        try await TestPools.open { pools in
            let first = try await Worker(pools.store)
            let second = try await Worker(pools.store)
            let lost = try await Worker(pools.store)
            try await pools.sql("UPDATE workers SET state = 'lost' WHERE id = \(lost.registration.id)")
            try await pools.sql(
                """
                INSERT INTO provisioner_jobs (organization_id, initiator_id, priority, available_at)
                SELECT id, id, p, now() - interval '90 seconds' FROM organizations, unnest(ARRAY[0, 0, 3]) p WHERE is_default
                """
            )
            _ = try await pools.store.claimJobs(for: second.registration.id, limit: 1, poolLimit: 1)
            try await pools.addEndpoint("hook", "https://example.com/")
            try await pools.emit(3)
            _ = try await Deliverer.reachingThisMachine(pools.store).dispatch()
            try await pools.sql("UPDATE webhook_deliveries SET created_at = now() - interval '70 seconds'")
            for worker in [first, second] { await worker.reporter.report(.queue) }
            #expect(second.lines("stoker_jobs") + second.lines("stoker_webhook_backlog") == [])
            #expect(first.lines("stoker_webhook_backlog") == ["stoker_webhook_backlog 3"])
            let age = first.lines("stoker_webhook_oldest_pending_seconds").compactMap {
                $0.split(separator: " ").last.flatMap { Double($0) }
            }
            #expect(age.count == 1 && age.allSatisfy { (70..<130).contains($0) })
            #expect(
                first.lines("stoker_jobs").filter { !$0.hasSuffix(" 0") } == [
                    #"stoker_jobs{status="pending",class="pool",\#(Self.noPool)} 2"#,
                    #"stoker_jobs{status="running",class="interactive",\#(Self.noPool)} 1"#,
                ]
            )
            #expect(
                first.lines("stoker_workers") == [
                    #"stoker_workers{state="active"} 2"#, #"stoker_workers{state="drained"} 0"#,
                    #"stoker_workers{state="draining"} 0"#, #"stoker_workers{state="lost"} 1"#,
                ]
            )
            let oldest = first.lines("stoker_job_oldest_pending_seconds").compactMap {
                Double($0.split(separator: " ")[1])
            }
            #expect(oldest.count == 1 && oldest.allSatisfy { (90..<150).contains($0) })

            _ = try await pools.store.drainWorkers(named: "\(first.registration.id)", within: .zero, by: "test")
            for worker in [first, second] { await worker.reporter.report(.queue) }
            #expect(first.lines("stoker_jobs") == [])
            #expect(second.lines("stoker_workers").contains(#"stoker_workers{state="draining"} 1"#))
        }
    }

    @Test func `jobs of pools carry the names of template and preset, and an import that of its template`() async throws
    {
        try await TestPools.open { pools in
            let worker = try await Worker(pools.store)
            let preset = try await pools.addPreset("us", desired: 3)
            try await pools.addStarting(3, of: preset)
            try await pools.sql("UPDATE provisioner_jobs SET started_at = NULL, priority = 0")
            try await pools.sql(
                """
                INSERT INTO provisioner_jobs (organization_id, initiator_id, type, priority, input)
                SELECT id, id, 'template_version_import', 1, '{"template_name": "new"}' FROM organizations WHERE is_default
                """
            )
            await worker.reporter.report(.queue)
            #expect(
                worker.lines("stoker_jobs").filter { !$0.hasSuffix(" 0") } == [
                    #"stoker_jobs{status="pending",class="import",template_name="new",preset_name="",org_name="default"} 1"#,
                    #"stoker_jobs{status="pending",class="pool",template_name="go-dev",preset_name="us",org_name="default"} 3"#,
                ]
            )
        }
    }

    @Test func `how pools did is told by one worker, by their names`() async throws {
        try await TestPools.open { pools in
            let first = try await Worker(pools.store)
            let second = try await Worker(pools.store)
            let preset = try await pools.addPreset("us", desired: 3)
            try await pools.sql(
                """
                INSERT INTO workspace_claims (template_id, preset_id, outcome, outcome_reason, created_at, bound_at, usable_at)
                SELECT v.template_id, p.id, o, r, now() - interval '1 minute', now() - interval '1 minute' + b * interval '1 s',
                    now() - interval '1 minute' + u * interval '1 s'
                FROM (VALUES ('hit', '', 1, 2), ('hit', 'it waited for a refill', 5, 9), ('miss_empty', '', 2, NULL))
                    x(o, r, b, u), template_version_presets p JOIN template_versions v ON v.id = p.template_version_id
                WHERE p.id = \(preset)
                """
            )
            for worker in [first, second] { await worker.reporter.report(.pools) }
            #expect(second.registry.text() == "")
            let labels = #"template_name="go-dev",preset_name="us",org_name="default""#
            #expect(first.lines("stoker_pool_waits") == ["stoker_pool_waits{\(labels)} 1"])
            #expect(first.lines("stoker_pool_hit_ratio")[0].hasPrefix("stoker_pool_hit_ratio{\(labels)} 0.66"))
            #expect(
                first.lines("stoker_pool_bind_seconds") == [
                    "stoker_pool_bind_seconds{\(labels),quantile=\"0.5\"} 2",
                    "stoker_pool_bind_seconds{\(labels),quantile=\"0.95\"} 5",
                ]
            )
            #expect(first.lines("stoker_pool_usable_seconds").count == 2)
            #expect(first.lines("stoker_pool_idle_seconds") == ["stoker_pool_idle_seconds{\(labels)} 0"])
            #expect(first.lines("stoker_pool_ready_seconds") == [])
        }
    }

    @Test func `waits, ends and reapings are counted by the worker that sees them`() {
        let registry = MetricsRegistry()
        let metrics = JobMetrics(registry: registry)
        let due = Instant(seconds: 1_000)
        let job = ClaimedJob(
            held: HeldJob(id: .random(), epoch: 1),
            type: .workspaceBuild,
            provisioner: OpenEnum(.echo),
            jobClass: .pool,
            availableAt: due,
            startedAt: due + .seconds(4)
        )
        metrics.claimed([job])
        metrics.ended(job, .retried, after: .seconds(2))
        metrics.reaped(ReapedJobs(workers: [.random()], requeued: [.random(), .random()], failed: [.random()]))
        metrics.reaped(ReapedJobs(workers: [], requeued: [], failed: []))
        let text = registry.text()
        for line in [
            #"stoker_job_queue_wait_seconds_sum 4"#, #"stoker_job_queue_wait_seconds_count 1"#,
            #"stoker_job_duration_seconds_sum{type="workspace_build",result="retried"} 2"#,
            #"stoker_job_retries_total 1"#, #"stoker_jobs_reaped_total 3"#,
        ] {
            #expect(text.contains(line + "\n"), "\(line)")
        }
        #expect(registry.rejections == [])
    }
}
