// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Prebuilds

/// The two ways in which a claim is served.
extension Store {
    /// Takes the oldest prebuild that is ready, not expired and of the active version, and hands it over.
    ///
    /// The lock is on the base table, and everything that another transaction may change about the row is on the row
    /// (owner, deleted, retiring): whoever gets the lock sees it as it is.
    func bind(_ request: ClaimRequest, _ target: ClaimTarget) -> Statement {
        Statement(
            "claims.bind",
            within: .seconds(10),
            """
            WITH candidate AS MATERIALIZED (
                SELECT w.id, b.id AS build_id, b.build_number
                FROM workspaces w
                CROSS JOIN LATERAL (
                    SELECT * FROM workspace_builds l WHERE l.workspace_id = w.id ORDER BY l.build_number DESC LIMIT 1
                ) b
                JOIN provisioner_jobs j ON j.id = b.job_id AND j.job_status = 'succeeded'
                JOIN template_version_presets p ON p.id = b.template_version_preset_id
                WHERE w.owner_id = 'c42fdf75-3097-471c-8c33-fb52454d81c0' AND NOT w.deleted AND NOT w.retiring
                    AND w.template_id = \(target.templateID) AND p.id = \(target.presetID)
                    AND b.transition = 'start' AND b.template_version_id = \(target.versionID)
                    AND (coalesce(p.invalidate_after_secs, 0) <= 0
                        OR now() - w.created_at <= make_interval(secs => p.invalidate_after_secs))
                    AND (p.last_invalidated_at IS NULL OR w.created_at >= p.last_invalidated_at)
                    AND stoker_agents_ready(b.job_id, b.template_version_id)
                ORDER BY w.created_at, w.id
                LIMIT 1
                FOR UPDATE OF w SKIP LOCKED
            ), bound AS (
                UPDATE workspaces w SET owner_id = \(target.ownerID), name = \(request.name), prebuild_name = w.name,
                    claimed_at = now(), last_used_at = now(), updated_at = now()
                FROM candidate WHERE w.id = candidate.id
                RETURNING w.id, candidate.build_id AS last_build_id, candidate.build_number + 1 AS build_number,
                    gen_random_uuid() AS build_id, gen_random_uuid() AS job_id
            ), \(sql: handOver(request, target, outcome: .hit, reason: "claim"))
            """
        )
    }

    /// A workspace of the claimant's own from the start, for want of a prebuild.
    func build(_ request: ClaimRequest, _ target: ClaimTarget) -> Statement {
        Statement(
            "claims.build",
            within: .seconds(10),
            """
            WITH bound AS MATERIALIZED (
                SELECT gen_random_uuid() AS id, NULL::uuid AS last_build_id, 1 AS build_number,
                    gen_random_uuid() AS build_id, gen_random_uuid() AS job_id
            ), new_workspace AS (
                INSERT INTO workspaces (id, owner_id, organization_id, template_id, name)
                SELECT id, \(target.ownerID), \(target.organizationID), \(target.templateID), \(request.name) FROM bound
            ), \(sql: handOver(request, target, outcome: target.missOutcome, reason: "initiator"))
            """
        )
    }

    /// The build and its job, the record of the claim, and the wake-ups, for the workspace in `bound`.
    private func handOver(
        _ request: ClaimRequest,
        _ target: ClaimTarget,
        outcome: ClaimOutcome,
        reason: String
    ) -> SQL {
        """
        new_job AS (
            INSERT INTO provisioner_jobs (id, organization_id, initiator_id, type, provisioner, input, file_id, tags,
                priority, template_id, workspace_id)
            SELECT bound.job_id, \(target.organizationID), \(target.ownerID), 'workspace_build', t.provisioner,
                jsonb_build_object('workspace_build_id', bound.build_id), v.file_id,
                coalesce(v.tags, '{"scope":"organization","owner":""}'), \(JobClass.interactive.rawValue), t.id, bound.id
            FROM bound, templates t, template_versions v
            WHERE t.id = \(target.templateID) AND v.id = \(target.versionID)
        ), new_build AS (
            INSERT INTO workspace_builds (id, workspace_id, template_version_id, build_number, transition, initiator_id,
                job_id, reason, template_version_preset_id)
            SELECT build_id, id, \(target.versionID), build_number, 'start', \(target.ownerID), job_id,
                \(reason)::build_reason, \(target.presetID)
            FROM bound
        ), given AS (
            SELECT * FROM unnest(\(request.parameters.keys.sorted()),
                \(request.parameters.sorted { $0.key < $1.key }.map(\.value))) g(name, value)
        ), new_parameters AS (
            INSERT INTO workspace_build_parameters (workspace_build_id, name, value)
            SELECT bound.build_id, x.name, x.value
            FROM bound CROSS JOIN LATERAL (
                SELECT given.name, given.value FROM given
                UNION ALL
                SELECT l.name, l.value FROM workspace_build_parameters l
                WHERE l.workspace_build_id = bound.last_build_id AND l.name NOT IN (SELECT name FROM given)
                UNION ALL
                SELECT p.name, p.value FROM template_version_preset_parameters p
                WHERE bound.last_build_id IS NULL AND p.template_version_preset_id = \(target.presetID)
                    AND p.name NOT IN (SELECT name FROM given)
                UNION ALL
                SELECT d.name, d.default_value FROM template_version_parameters d
                WHERE bound.last_build_id IS NULL AND d.template_version_id = \(target.versionID) AND NOT d.required
                    AND d.default_value <> ''
                    AND d.name NOT IN (SELECT name FROM given)
                    AND d.name NOT IN (
                        SELECT p.name FROM template_version_preset_parameters p
                        WHERE p.template_version_preset_id = \(target.presetID)
                    )
            ) x
        ), new_claim AS (
            INSERT INTO workspace_claims (organization_id, template_id, preset_id, claimant_id, workspace_id, outcome,
                idempotency_key, request_hash, bound_at)
            SELECT \(target.organizationID), \(target.templateID), \(target.presetID), \(target.ownerID), id,
                \(outcome.rawValue), \(request.idempotencyKey), \(request.digest), now()
            FROM bound
            RETURNING id
        ), notified AS (
            SELECT pg_notify(\(Channel.jobs), ''), pg_notify(\(Channel.reconcile), '') FROM bound
        )
        SELECT new_claim.id, bound.id, bound.build_id, bound.build_number, bound.job_id
        FROM bound CROSS JOIN new_claim LEFT JOIN notified ON true
        """
    }
}
