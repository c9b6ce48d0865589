// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import PostgresClient
import Prebuilds
import Store
import Templates

/// A fleet for measuring passes. Only for a database that holds nothing else.
extension Store {
    /// Templates of up to ten presets, each preset with three values for five parameters, and an agent to each version.
    func addPresets(_ count: Int, desired: Int) async throws {
        try await bench(
            all:
                """
                INSERT INTO templates (organization_id, name, created_by, active_version_id)
                SELECT o.id, 'bench-' || n, \(prebuildsUserID), gen_random_uuid()
                FROM organizations o, generate_series(1, (\(count) + 9) / 10) n WHERE o.is_default
                """,
            """
            INSERT INTO template_versions (id, template_id, organization_id, name, created_by)
            SELECT active_version_id, id, organization_id, 'first', created_by FROM templates
            """,
            """
            INSERT INTO template_version_parameters (template_version_id, name, default_value, required)
            SELECT v.id, 'parameter-' || n, CASE WHEN n > 3 THEN 'default' ELSE '' END, n <= 3
            FROM template_versions v, generate_series(1, 5) n
            """,
            """
            INSERT INTO template_version_agents (template_version_id, name) SELECT id, 'main' FROM template_versions
            """,
            """
            INSERT INTO template_version_presets (template_version_id, name, desired_instances)
            SELECT v.id, 'preset-' || n, \(desired)
            FROM template_versions v, generate_series(1, 10) n ORDER BY v.id, n LIMIT \(count)
            """,
            """
            INSERT INTO template_version_preset_parameters (template_version_preset_id, name, value)
            SELECT p.id, 'parameter-' || n, 'value of ' || p.name FROM template_version_presets p, generate_series(1, 3) n
            """
        )
    }

    /// Ends all jobs with success; their agents are ready.
    func finishPrebuilds() async throws {
        try await bench(
            all:
                """
                UPDATE provisioner_jobs SET started_at = now(), completed_at = now(), attempt = 1, claim_epoch = 1
                WHERE completed_at IS NULL
                """,
            """
            WITH resource AS (
                INSERT INTO workspace_resources (job_id, transition, type, name)
                SELECT b.job_id, 'start', 'container', 'main'
                FROM workspace_builds b JOIN workspaces w ON w.id = b.workspace_id
                WHERE w.owner_id = \(prebuildsUserID) AND NOT w.deleted RETURNING id
            )
            INSERT INTO workspace_agents (resource_id, lifecycle_state, ready_at) SELECT id, 'ready', now() FROM resource
            """
        )
    }

    /// Former prebuilds, half of them claimed and half deleted, with two builds each.
    func addHistory(_ count: Int) async throws {
        try await addClaimant()
        try await bench(
            all:
                """
                CREATE UNLOGGED TABLE bench_history AS
                SELECT n, gen_random_uuid() AS workspace_id, gen_random_uuid() AS first_job, gen_random_uuid() AS second_job,
                    n % 2 = 0 AS claimed, t.organization_id, t.id AS template_id, v.id AS version_id, p.id AS preset_id,
                    now() - make_interval(secs => n % 2000000 + 3600) AS at
                FROM generate_series(1, \(count)) n
                JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS number FROM template_version_presets) p
                    ON p.number = n % (SELECT count(*) FROM template_version_presets)
                JOIN template_versions v ON v.id = p.template_version_id JOIN templates t ON t.id = v.template_id
                """,
            """
            INSERT INTO workspaces (id, owner_id, organization_id, template_id, name, deleted, claimed_at, created_at)
            SELECT workspace_id, CASE WHEN claimed THEN u.id ELSE \(prebuildsUserID) END, organization_id, template_id,
                'history-' || n, NOT claimed, CASE WHEN claimed THEN at END, at
            FROM bench_history, users u WHERE u.username = \(BenchPreset.claimant)
            """,
            """
            INSERT INTO provisioner_jobs (id, organization_id, initiator_id, template_id, workspace_id, available_at,
                started_at, completed_at, attempt, claim_epoch, created_at)
            SELECT job, organization_id, \(prebuildsUserID), template_id, workspace_id, at, at, at, 1, 1, at
            FROM bench_history, unnest(ARRAY[first_job, second_job]) job
            """,
            """
            INSERT INTO workspace_builds (workspace_id, template_version_id, build_number, transition, initiator_id, job_id,
                template_version_preset_id, created_at)
            SELECT workspace_id, version_id, number,
                CASE WHEN number = 1 OR claimed THEN 'start' ELSE 'delete' END::workspace_transition, \(prebuildsUserID),
                CASE number WHEN 1 THEN first_job ELSE second_job END, preset_id, at
            FROM bench_history, generate_series(1, 2) number
            """,
            "DROP TABLE bench_history"
        )
        try await settle()
    }

    /// Reads all prebuilds with their builds, jobs and agents, in one join: the minimum for a pass without changes.
    func readPrebuilds() async throws {
        try await bench(
            """
            SELECT w.id, w.created_at, b.id, b.created_at, b.transition, b.template_version_preset_id, j.job_status,
                a.lifecycle_state
            FROM workspaces w
            JOIN workspace_builds b ON b.workspace_id = w.id
            JOIN provisioner_jobs j ON j.id = b.job_id
            JOIN workspace_resources r ON r.job_id = j.id
            JOIN workspace_agents a ON a.resource_id = r.id
            WHERE w.owner_id = \(prebuildsUserID) AND NOT w.deleted
            """
        )
    }

    /// A pass of the reconciler, with the limits as they are by default.
    ///
    /// - Parameters:
    ///   - memory: Kept by the process; a new one considers every preset.
    ///   - named: The pools to which it is limited; `nil`: all.
    func benchPass(_ memory: PlanMemory = PlanMemory(), of named: Set<PresetID>? = nil) async throws -> AppliedPlan {
        let reconciliation = Reconciliation(store: self, limits: PlanLimits(), zones: ZoneDirectory())
        let result = try await reconciliation.pass(of: named, memory: memory)
        guard case .done(_, let applied) = result else { throw BenchError("another process is in a pass") }
        guard applied.failures.isEmpty else { throw BenchError("presets could not be written") }
        return applied
    }
}
