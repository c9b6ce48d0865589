// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store

/// A long past. Only for a database that holds nothing else.
extension Store {
    /// Former prebuilds of the last year, half of them claimed and half deleted, with two builds and jobs each, and a
    /// claim for each that was claimed.
    func addPast(_ count: Int) async throws {
        try await addClaimant()
        let batch = 500_000
        for first in stride(from: 1, through: count, by: batch) {
            try await addPast(first...min(first + batch - 1, count))
        }
    }

    /// Without triggers: none of the rows can be claimed, and this is what they would find out for each.
    private func addPast(_ numbers: ClosedRange<Int>) async throws {
        try await bench(
            all:
                """
                CREATE UNLOGGED TABLE bench_past AS
                SELECT n, gen_random_uuid() AS workspace_id, gen_random_uuid() AS first_job, gen_random_uuid() AS second_job,
                    n % 2 = 0 AS claimed, t.organization_id, t.id AS template_id, v.id AS version_id, p.id AS preset_id,
                    u.id AS claimant_id, now() - make_interval(secs => n::bigint * 7919 % 31000000 + 3600) AS at
                FROM generate_series(\(numbers.lowerBound), \(numbers.upperBound)) n
                JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS number FROM template_version_presets) p
                    ON p.number = n % (SELECT count(*) FROM template_version_presets)
                JOIN template_versions v ON v.id = p.template_version_id JOIN templates t ON t.id = v.template_id
                JOIN users u ON u.username = \(BenchPreset.claimant)
                """,
            "ALTER TABLE provisioner_jobs DISABLE TRIGGER USER",
            "ALTER TABLE workspace_builds DISABLE TRIGGER USER",
            """
            INSERT INTO workspaces (id, owner_id, organization_id, template_id, name, deleted, claimed_at, created_at,
                updated_at)
            SELECT workspace_id, CASE WHEN claimed THEN claimant_id ELSE \(prebuildsUserID) END, organization_id, template_id,
                'past-' || n, NOT claimed, CASE WHEN claimed THEN at END, at, at
            FROM bench_past
            """,
            """
            INSERT INTO provisioner_jobs (id, organization_id, initiator_id, template_id, workspace_id, available_at,
                started_at, completed_at, attempt, claim_epoch, created_at, updated_at)
            SELECT job, organization_id, \(prebuildsUserID), template_id, workspace_id, at, at, at, 1, 1, at, at
            FROM bench_past, unnest(ARRAY[first_job, second_job]) job
            """,
            """
            INSERT INTO workspace_builds (workspace_id, template_version_id, build_number, transition, initiator_id, job_id,
                template_version_preset_id, created_at)
            SELECT workspace_id, version_id, number,
                CASE WHEN number = 1 OR claimed THEN 'start' ELSE 'delete' END::workspace_transition, \(prebuildsUserID),
                CASE number WHEN 1 THEN first_job ELSE second_job END, preset_id, at
            FROM bench_past, generate_series(1, 2) number
            """,
            """
            INSERT INTO workspace_claims (organization_id, template_id, preset_id, claimant_id, workspace_id, outcome,
                bound_at, usable_at, outcome_counted, usable_counted, created_at, updated_at)
            SELECT organization_id, template_id, preset_id, claimant_id, workspace_id, 'hit', at, at, true, true, at, at
            FROM bench_past WHERE claimed
            """,
            "ALTER TABLE provisioner_jobs ENABLE TRIGGER USER",
            "ALTER TABLE workspace_builds ENABLE TRIGGER USER",
            "DROP TABLE bench_past"
        )
    }
}
