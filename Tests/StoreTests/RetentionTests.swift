// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import TestSupport
import Testing
import Time

@testable import Store

/// What is removed once it is old, and what never is.
@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct RetentionTests {
    private static let age = Duration.seconds(30 * 86_400)
    private static let old = Instant(seconds: 1_600_000_000)

    /// Removes everything that is old, one batch of each kind.
    private func prune(_ fleet: Fleet) async throws -> [Prunable: Int] {
        var removed: [Prunable: Int] = [:]
        for kind in Prunable.allCases {
            let count = try await fleet.store.prune(kind, olderThan: Self.age)
            if let count, count > 0 { removed[kind] = count }
        }
        return removed
    }

    /// Everything in these tables is as old as can be.
    private func makeOld(_ fleet: Fleet) async throws {
        try await fleet.sql("UPDATE workspaces SET created_at = \(Self.old), updated_at = \(Self.old)")
        try await fleet.sql("UPDATE workspace_builds SET created_at = \(Self.old), updated_at = \(Self.old)")
        try await fleet.sql(
            """
            UPDATE provisioner_jobs SET created_at = \(Self.old), available_at = \(Self.old),
                completed_at = CASE WHEN completed_at IS NOT NULL THEN \(Self.old) END
            """
        )
    }

    @Test func `a deleted workspace goes with its builds, jobs, logs and resources; one that exists stays whole`()
        async throws
    {
        try await Fleet.open { fleet in
            let ada = try await fleet.addUser("ada")
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let gone = try await fleet.addWorkspace(of: preset, .init(), .init(transition: .delete))
            let kept = try await fleet.addWorkspace(of: preset, owner: ada, .init(), .init())
            for workspace in [gone, kept] {
                try await fleet.addAgent(to: workspace)
                try await fleet.sql(
                    """
                    INSERT INTO provisioner_job_logs (job_id, level, output) SELECT unnest(\(workspace.jobs)), 'info', 'line'
                    """
                )
                try await fleet.sql("INSERT INTO provisioner_job_timings (job_id) SELECT unnest(\(workspace.jobs))")
            }
            try await makeOld(fleet)
            try await fleet.sql("UPDATE workspaces SET deleted = true WHERE id = \(gone.id)")
            #expect(try await prune(fleet) == [.workspaces: 1])
            #expect(try await fleet.column("SELECT id FROM workspaces") == [kept.id])
            #expect(Set(try await fleet.column("SELECT id FROM workspace_builds")) == Set(kept.builds))
            for column in ["provisioner_job_logs", "provisioner_job_timings"] {
                let jobs: [JobID] = try await fleet.column("SELECT job_id FROM \(identifier: column)")
                #expect(Set(jobs) == Set(kept.jobs), "\(column)")
            }
            #expect(Set(try await fleet.column("SELECT id FROM provisioner_jobs")) == Set(kept.jobs))
            #expect(try await fleet.value("SELECT count(*) FROM workspace_agents") == 1)
            #expect(try await prune(fleet) == [:])
        }
    }

    @Test func `what is younger stays, and what a claim has given a name stays known`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            let young = try await fleet.addWorkspace(of: preset, .init(transition: .delete))
            let claimed = try await fleet.addWorkspace(of: preset, .init(transition: .delete))
            try await makeOld(fleet)
            try await fleet.sql("UPDATE workspaces SET deleted = true")
            try await fleet.sql("UPDATE workspaces SET updated_at = now() - interval '29 days' WHERE id = \(young.id)")
            try await fleet.sql(
                """
                INSERT INTO workspace_claims (organization_id, template_id, preset_id, claimant_id, workspace_id, outcome)
                SELECT organization_id, template_id, \(preset), owner_id, id, 'hit' FROM workspaces WHERE id = \(claimed.id)
                """
            )
            #expect(try await prune(fleet) == [.workspaces: 1])
            #expect(Set(try await fleet.column("SELECT id FROM workspaces")) == [young.id, claimed.id])
            #expect(try await fleet.column("SELECT id FROM workspace_builds") == young.builds)
            #expect(try await prune(fleet) == [:])
        }
    }

    @Test func `the newest failed build of a preset is kept`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            let preset = try await fleet.addPreset(of: template.version, desired: 0)
            _ = try await fleet.addWorkspace(of: preset, .init(status: .failed, createdAt: Self.old))
            let newest = try await fleet.addWorkspace(
                of: preset,
                .init(status: .failed, createdAt: Self.old + .seconds(60))
            )
            try await fleet.sql(
                "UPDATE workspaces SET deleted = true, updated_at = \(Self.old), created_at = \(Self.old)"
            )
            #expect(try await prune(fleet) == [.workspaces: 1])
            #expect(try await fleet.column("SELECT id FROM workspace_builds") == newest.builds)
            #expect(try await fleet.column("SELECT id FROM provisioner_jobs") == newest.jobs)
        }
    }

    @Test func `jobs of no build go, except imports of versions and what has not ended`() async throws {
        try await Fleet.open { fleet in
            let template = try await fleet.addTemplate()
            try await fleet.addJob()
            let ended = try await fleet.addJob()
            let imported = try await fleet.addJob(.import)
            try await fleet.sql(
                """
                UPDATE provisioner_jobs SET started_at = now(), completed_at = now(),
                    type = CASE WHEN id = \(imported) THEN 'template_version_import' ELSE type END
                WHERE id IN (\(ended), \(imported))
                """
            )
            try await fleet.sql("UPDATE template_versions SET job_id = \(imported) WHERE id = \(template.version)")
            try await makeOld(fleet)
            #expect(try await prune(fleet) == [.jobs: 1])
            #expect(try await fleet.value("SELECT count(*) FROM provisioner_jobs WHERE id = \(ended)") == 0)
        }
    }

    @Test func `logs, decisions, deliveries, events and workers go by their age`() async throws {
        try await Fleet.open { fleet in
            let endpoint = try await fleet.addEndpoint("receiver")
            let worker = try await fleet.addWorker()
            let gone = try await fleet.addWorker()
            try await fleet.store.setWorkerState(gone, .drained)
            try await fleet.sql(
                "UPDATE workers SET last_seen_at = \(Self.old), lease_expires_at = \(Self.old) WHERE id = \(gone)"
            )
            for at in [Self.old, nil] as [Instant?] {
                try await fleet.sql(
                    """
                    INSERT INTO provisioner_job_logs (job_id, level, output, created_at)
                    VALUES (\(JobID.random()), 'info', 'line', coalesce(\(at), now()))
                    """
                )
                try await fleet.sql(
                    """
                    INSERT INTO prebuild_decisions (preset_id, decided_at)
                    VALUES (\(PresetID.random()), coalesce(\(at), now()))
                    """
                )
            }
            // The subject's newest event stays: the sequence goes on from it. An incident that lasts stays too.
            for (sequence, key) in [(1, nil), (2, nil), (3, "lasting"), (4, nil)] as [(Int, String?)] {
                try await fleet.sql(
                    """
                    WITH event AS (
                        INSERT INTO notification_events
                            (type, subject, sequence, dedupe_key, dispatched_at, created_at, updated_at)
                        VALUES ('e', 's', \(sequence), \(key), now(), \(Self.old), \(Self.old)) RETURNING id
                    )
                    INSERT INTO webhook_deliveries (event_id, endpoint_id, status, completed_at, created_at)
                    SELECT id, \(endpoint), CASE WHEN \(sequence) = 2 THEN 'pending' ELSE 'sent' END::webhook_delivery_status,
                        CASE WHEN \(sequence) <> 2 THEN \(Self.old) END, \(Self.old)
                    FROM event
                    """
                )
            }
            #expect(
                try await prune(fleet) == [.logs: 1, .decisions: 1, .deliveries: 3, .events: 1, .workers: 1]
            )
            #expect(
                try await fleet.column("SELECT sequence FROM notification_events WHERE subject = 's' ORDER BY 1")
                    == [2, 3, 4]
            )
            #expect(try await fleet.value("SELECT count(*) FROM webhook_deliveries WHERE status = 'pending'") == 1)
            #expect(try await fleet.column("SELECT id FROM workers") == [worker])
            #expect(try await fleet.value("SELECT count(*) FROM provisioner_job_logs") == 1)
        }
    }

    @Test func `batches are small, and one worker removes at a time`() async throws {
        try await Fleet.open { fleet in
            try await fleet.sql(
                """
                INSERT INTO provisioner_job_logs (job_id, level, output, created_at)
                SELECT gen_random_uuid(), 'info', 'line', \(Self.old) FROM generate_series(1, 5)
                """
            )
            try await fleet.store.pool.withTransaction("test") { transaction in
                _ = try await transaction.execute(
                    Statement(
                        "test",
                        """
                        SELECT pg_advisory_xact_lock(
                            \(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.retention)
                        )
                        """
                    )
                )
                #expect(try await fleet.store.prune(.logs, olderThan: Self.age) == nil)
            }
            var counts: [Int?] = []
            for _ in 0..<4 { counts.append(try await fleet.store.prune(.logs, olderThan: Self.age, batch: 2)) }
            #expect(counts == [2, 2, 1, 0])
        }
    }
}
