// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds

/// Failures that a pass must not forget, and the success that ends them. Expressions beside the preset `p` and its
/// prebuilds `l` of ``SnapshotQuery/presets``.
extension SnapshotQuery {
    /// How far failures are looked for whose prebuilds are gone, and the most orders that are read for it, unless the hard
    /// limit counts more.
    private static let clearedSince = Duration.seconds(86_400)
    private static let mostOrders = 50

    /// Failed starts whose prebuilds were deleted because they had failed: they count as if they were still there.
    var clearedFailures: SQL {
        """
        SELECT array_agg(b.id) AS ids, array_agg(b.created_at) AS created,
            array_agg(j.error_code IS NOT DISTINCT FROM \(quoted: FailureCode.invalid.rawValue)) AS invalids
        FROM (
            SELECT x.id, x.job_id, x.workspace_id, x.created_at, x.reason FROM workspace_builds x
            -- What is said of the preset alone decides once whether anything is read.
            WHERE p.active AND \(sql: mayHaveCleared) AND x.template_version_preset_id = p.preset_id
                AND x.created_at > \(sql: moment) - make_interval(secs => \(Self.clearedSince.inSeconds))
                AND x.created_at >= coalesce(p.failures_forgotten_before, '-infinity')
                AND x.build_number = 1 AND x.transition = 'start' AND x.initiator_id = \(sql: .prebuildsUser)
            ORDER BY x.created_at DESC, x.id DESC LIMIT \(literal: max(Self.mostOrders, limits.failureHardLimit))
        ) b
        CROSS JOIN LATERAL (
            SELECT y.job_status, y.error_code FROM provisioner_jobs y WHERE y.id = b.job_id OFFSET 0
        ) j
        WHERE b.reason = 'prebuild' AND j.job_status = 'failed' AND coalesce(j.error_code NOT IN (
            \(quoted: QueueEnd.expired.rawValue), \(quoted: QueueEnd.workerLost.rawValue)
        ), true) AND EXISTS (
            SELECT FROM workspace_builds d
            WHERE d.workspace_id = b.workspace_id AND d.build_number = 2 AND d.transition = 'delete' AND d.reason = 'prebuild'
        )
        """
    }

    /// Whether there may be some. While failures are kept longer than they count, the newest are still there.
    private var mayHaveCleared: SQL {
        let keepsSome = limits.keepFailed > 0 && limits.keepFailedFor >= Self.clearedSince
        return keepsSome ? "l.evidence_ids IS NOT NULL" : "true"
    }

    /// Whether a prebuild of the preset has become ready since it is hard limited, also one that was claimed at once. One whose
    /// agents never come up ends no limit.
    var hasRecovered: SQL {
        """
        EXISTS (
            SELECT FROM workspace_builds b
            CROSS JOIN LATERAL (
                SELECT x.job_status, x.completed_at FROM provisioner_jobs x WHERE x.id = b.job_id OFFSET 0
            ) j
            WHERE b.template_version_preset_id = p.preset_id AND b.created_at > p.hard_limited_at - interval '1 day'
                AND b.build_number = 1 AND b.transition = 'start' AND b.initiator_id = \(sql: .prebuildsUser)
                AND j.job_status = 'succeeded' AND j.completed_at > p.hard_limited_at
                AND \(sql: .declaredAgents(of: "b.template_version_id")) <= (
                    SELECT count(*) FROM workspace_resources r JOIN workspace_agents x ON x.resource_id = r.id
                    WHERE r.job_id = b.job_id AND (x.ready_at IS NOT NULL OR x.lifecycle_state = 'ready')
                )
        )
        """
    }
}
