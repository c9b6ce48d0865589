// SPDX-License-Identifier: Apache-2.0

import PostgresClient
import Prebuilds

extension PlanWriter {
    /// What `error_code` says of an order that was taken out of the queue because nobody wants it any more.
    static let superseded = "SUPERSEDED"

    /// Takes orders out of the queue that still wait, of presets that are still not active. A prebuild of which nothing can
    /// exist is gone with its order; the others get a delete build from ``deletions(_:)``.
    ///
    /// To be run before the deletions. A job that a worker takes at this moment is skipped, not waited for.
    func cancellations(_ presets: [PresetPlan]) -> Statement {
        let orders = presets.flatMap(\.cancellations)
        return Statement(
            "plan.cancel",
            within: .seconds(60),
            """
            WITH locked AS MATERIALIZED (
                SELECT w.id, b.build_number, b.provisioner_state IS NULL AS is_blank, j.id AS job_id, j.attempt, j.refresh_first
                FROM unnest(\(orders.map(\.workspaceID)), \(orders.map(\.buildID)), \(orders.map(\.hasBegun)))
                    WITH ORDINALITY v(workspace_id, build_id, has_begun, position)
                JOIN workspaces w ON w.id = v.workspace_id
                JOIN workspace_builds b ON b.id = v.build_id
                JOIN provisioner_jobs j ON j.id = b.job_id
                WHERE w.owner_id = \(prebuildsUserID) AND NOT w.deleted AND j.job_status = 'pending'
                    AND NOT EXISTS (
                        SELECT FROM workspace_builds n WHERE n.workspace_id = w.id AND n.build_number > b.build_number
                    )
                    -- One that was begun and handed back since the snapshot needs a deletion: the next pass orders it.
                    AND (v.has_begun
                        OR b.build_number = 1 AND j.attempt = 0 AND NOT j.refresh_first AND b.provisioner_state IS NULL)
                    -- A version may have been promoted again since the snapshot.
                    AND NOT EXISTS (
                        SELECT FROM templates t
                        WHERE t.active_version_id = b.template_version_id AND NOT t.deleted AND t.deprecated = ''
                    )
                ORDER BY v.position
                FOR UPDATE OF w, j SKIP LOCKED
            ), canceled AS (
                UPDATE provisioner_jobs j SET canceled_at = \(plan.now), completed_at = \(plan.now),
                    error_code = \(Self.superseded), claim_epoch = j.claim_epoch + 1, updated_at = \(plan.now)
                FROM locked WHERE j.id = locked.job_id
            ), gone AS (
                UPDATE workspaces w SET deleted = true, updated_at = \(plan.now)
                FROM locked
                WHERE w.id = locked.id AND locked.build_number = 1 AND locked.attempt = 0 AND NOT locked.refresh_first
                    AND locked.is_blank
            )
            SELECT id, \(sql: News.column(News.on(Channel.finished, "job_id"))) FROM locked
            """
        )
    }

    /// Delete builds for prebuilds that are still unclaimed and whose latest build is still the one of the snapshot, and has
    /// ended.
    ///
    /// A row that a claim holds is skipped, not waited for. `retiring` is set on the row itself: a claim that reads an
    /// older snapshot finds it when it takes the lock.
    func deletions(_ presets: [PresetPlan]) -> Statement {
        let victims = presets.flatMap(\.deletions)
        return Statement(
            "plan.delete",
            within: .seconds(60),
            """
            WITH locked AS MATERIALIZED (
                SELECT w.id, w.organization_id, w.template_id, b.id AS last_build_id, b.build_number,
                    b.template_version_id, b.template_version_preset_id
                FROM unnest(\(victims.map(\.workspaceID)), \(victims.map(\.buildID))) WITH ORDINALITY
                    v(workspace_id, build_id, position)
                JOIN workspaces w ON w.id = v.workspace_id
                JOIN workspace_builds b ON b.id = v.build_id
                CROSS JOIN LATERAL (
                    SELECT x.completed_at, x.job_status FROM provisioner_jobs x WHERE x.id = b.job_id OFFSET 0
                ) j
                WHERE w.owner_id = \(prebuildsUserID) AND NOT w.deleted AND j.completed_at IS NOT NULL
                    -- One that is being deleted already is so again only when that was canceled.
                    AND (NOT w.retiring OR b.transition = 'delete' AND j.job_status = 'canceled')
                    AND NOT EXISTS (
                        SELECT FROM workspace_builds n WHERE n.workspace_id = w.id AND n.build_number > b.build_number
                    )
                ORDER BY v.position
                FOR UPDATE OF w SKIP LOCKED
            ), victims AS MATERIALIZED (
                SELECT *, \(sql: newID) AS build_id, \(sql: newID) AS job_id FROM locked
            ), retired AS (
                UPDATE workspaces w SET retiring = true, updated_at = \(plan.now) FROM victims WHERE w.id = victims.id
            ), new_jobs AS (
                INSERT INTO provisioner_jobs (id, organization_id, initiator_id, type, provisioner, input, file_id, tags,
                    priority, max_attempts, available_at, template_id, workspace_id, trace_metadata, created_at,
                    updated_at)
                SELECT d.job_id, d.organization_id, \(prebuildsUserID), 'workspace_build', t.provisioner,
                    jsonb_build_object('workspace_build_id', d.build_id), v.file_id,
                    coalesce(v.tags, '{"scope":"organization","owner":""}'), \(JobClass.delete.rawValue),
                    \(literal: JobClass.deleteAttempts), \(plan.now), d.template_id, d.id, \(TraceContext.current),
                    \(plan.now), \(plan.now)
                FROM victims d
                JOIN templates t ON t.id = d.template_id
                JOIN template_versions v ON v.id = d.template_version_id
                RETURNING claim_order
            ), new_builds AS (
                INSERT INTO workspace_builds (id, workspace_id, template_version_id, build_number, transition,
                    initiator_id, job_id, reason, template_version_preset_id, created_at, updated_at)
                SELECT build_id, id, template_version_id, build_number + 1, 'delete', \(prebuildsUserID), job_id, 'prebuild',
                    template_version_preset_id, \(plan.now), \(plan.now)
                FROM victims
            ), new_parameters AS (
                INSERT INTO workspace_build_parameters (workspace_build_id, name, value)
                SELECT d.build_id, p.name, p.value
                FROM victims d JOIN workspace_build_parameters p ON p.workspace_build_id = d.last_build_id
            )
            SELECT id, \(sql: News.column(News.jobs(of: "new_jobs"))) FROM victims
            """
        )
    }
}
