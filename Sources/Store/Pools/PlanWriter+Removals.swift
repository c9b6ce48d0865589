// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds

extension PlanWriter {
    /// Cancels pending orders of presets that are still not active. The workspace is removed when nothing of it can
    /// exist; others get a delete build from ``deletions(_:)``.
    ///
    /// It must run before the deletions. A job that a worker is claiming is skipped, not waited for.
    func cancellations(_ presets: [PresetPlan]) -> Statement {
        let orders = presets.flatMap(\.cancellations)
        return Statement(
            "plan.cancel",
            within: .seconds(60),
            """
            WITH locked AS MATERIALIZED (
                SELECT w.id, j.id AS job_id, \(sql: .isUnbegun()) AS is_unbegun
                FROM unnest(\(orders.map(\.workspaceID)), \(orders.map(\.buildID)), \(orders.map(\.hasBegun)))
                    WITH ORDINALITY v(workspace_id, build_id, has_begun, position)
                JOIN workspaces w ON w.id = v.workspace_id
                JOIN workspace_builds b ON b.id = v.build_id
                JOIN provisioner_jobs j ON j.id = b.job_id
                WHERE \(sql: .isPrebuild()) AND j.job_status = 'pending' AND \(sql: .isLatest())
                    -- An order that was begun and handed back since the snapshot needs a deletion, which the next pass
                    -- makes.
                    AND (v.has_begun OR \(sql: .isUnbegun()))
                    -- A version may have been promoted again since the snapshot.
                    AND NOT EXISTS (SELECT FROM templates t WHERE \(sql: .isActive("b.template_version_id")))
                ORDER BY v.position
                FOR UPDATE OF w, j SKIP LOCKED
            ), canceled AS (
                UPDATE provisioner_jobs j SET canceled_at = \(plan.now), completed_at = \(plan.now),
                    error_code = \(QueueEnd.superseded.rawValue), claim_epoch = j.claim_epoch + 1, updated_at = \(plan.now)
                FROM locked WHERE j.id = locked.job_id
            ), gone AS (
                UPDATE workspaces w SET deleted = true, updated_at = \(plan.now)
                FROM locked WHERE w.id = locked.id AND locked.is_unbegun
            )
            SELECT id, \(sql: News.column(News.on(Channel.finished, "job_id"))) FROM locked
            """
        )
    }

    /// Adds delete builds for prebuilds that are still unclaimed, and whose latest build is still the one of the
    /// snapshot and has ended.
    ///
    /// A row that a claim has locked is skipped, not waited for. `retiring` is set on that row: a claim with an older
    /// snapshot finds it when it takes the lock.
    func deletions(_ presets: [PresetPlan]) -> Statement {
        let victims = presets.flatMap(\.deletions)
        let builds = NewBuilds(
            rows: "victims",
            transition: .delete,
            reason: .prebuild,
            initiator: .prebuildsUser,
            jobClass: .delete,
            moment: "\(plan.now)"
        )
        return Statement(
            "plan.delete",
            within: .seconds(60),
            """
            WITH locked AS MATERIALIZED (
                SELECT w.id AS workspace_id, w.organization_id, w.template_id, b.id AS last_build_id,
                    b.build_number + 1 AS build_number, b.template_version_id AS version_id,
                    b.template_version_preset_id AS preset_id
                FROM unnest(\(victims.map(\.workspaceID)), \(victims.map(\.buildID))) WITH ORDINALITY
                    v(workspace_id, build_id, position)
                JOIN workspaces w ON w.id = v.workspace_id
                JOIN workspace_builds b ON b.id = v.build_id
                CROSS JOIN LATERAL (
                    SELECT x.completed_at, x.job_status FROM provisioner_jobs x WHERE x.id = b.job_id OFFSET 0
                ) j
                WHERE \(sql: .isPrebuild()) AND j.completed_at IS NOT NULL AND \(sql: .isLatest())
                    -- A prebuild that is being deleted is deleted again only when that was canceled.
                    AND (NOT w.retiring OR b.transition = 'delete' AND j.job_status = 'canceled')
                ORDER BY v.position
                FOR UPDATE OF w SKIP LOCKED
            ), victims AS MATERIALIZED (
                SELECT *, \(sql: newID) AS build_id, \(sql: newID) AS job_id FROM locked
            ), retired AS (
                UPDATE workspaces w SET retiring = true, updated_at = \(plan.now)
                FROM victims WHERE w.id = victims.workspace_id
            ), \(sql: builds.terms), \(sql: builds.parameters(.parameters(ofBuild: "n.last_build_id")))
            SELECT workspace_id, \(sql: News.column(News.jobs(of: "new_jobs"))) FROM victims
            """
        )
    }
}
