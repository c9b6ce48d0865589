// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds

extension SnapshotQuery {
    /// The open roll-outs, with a row for each preset that takes over from others. It is read after the presets, so that no
    /// roll-out is missing that a preset speaks of, unless it was superseded since.
    var rollouts: Statement {
        Statement(
            "snapshot.rollouts",
            within: .seconds(10),
            """
            SELECT r.id, r.status, r.progressed_at, r.is_rollback, p.id AS preset_id, p.predecessor_ids, p.standby_preset_id,
                p.canary_passed_at IS NOT NULL AS is_proven, coalesce(m.made, 0) AS made,
                coalesce(m.made_since, 0) AS made_since, m.last_made_at,
                p.rollout_floor, p.rollout_canary, p.rollout_deadline_secs, p.rollout_on_failure
            FROM template_rollouts r
            JOIN templates t ON t.id = r.template_id AND \(sql: .isActive("r.to_version_id"))
            LEFT JOIN template_version_presets p ON p.template_version_id = r.to_version_id AND p.predecessor_ids <> '{}'
            LEFT JOIN LATERAL (
                -- Also those that were claimed since: they prove that the version can be built.
                SELECT count(*) AS made, count(*) FILTER (WHERE o.completed_at > r.started_at) AS made_since,
                    max(o.completed_at) AS last_made_at
                FROM (
                    SELECT j.completed_at FROM (
                        SELECT b.job_id, b.template_version_id FROM workspace_builds b
                        WHERE b.template_version_preset_id = p.id AND b.build_number = 1 AND b.transition = 'start'
                        ORDER BY b.created_at DESC LIMIT \(literal: 2 * RolloutPool.mostCounted)
                    ) b
                    CROSS JOIN LATERAL (
                        SELECT x.completed_at FROM provisioner_jobs x
                        WHERE x.id = b.job_id AND x.job_status = 'succeeded' AND isfinite(x.completed_at) OFFSET 0
                    ) j
                    WHERE \(sql: .declaredAgents(of: "b.template_version_id")) <= (
                        SELECT count(*) FROM workspace_resources r JOIN workspace_agents a ON a.resource_id = r.id
                        WHERE r.job_id = b.job_id AND (a.ready_at IS NOT NULL OR a.lifecycle_state = 'ready')
                    )
                    LIMIT \(literal: RolloutPool.mostCounted)
                ) o
            ) m ON p.id IS NOT NULL
            WHERE r.ended_at IS NULL
            ORDER BY r.id, p.id
            """
        )
    }

    static func readRollouts(_ answer: QueryResult) throws -> [RolloutSnapshot] {
        var rollouts: [RolloutSnapshot] = []
        for row in answer {
            let id: RolloutID = try row["id"]
            if rollouts.last?.id != id {
                rollouts.append(
                    RolloutSnapshot(
                        id: id,
                        status: try choice(row["status"], of: RolloutSnapshot.Status.self),
                        progressedAt: try row["progressed_at"],
                        isRollback: try row["is_rollback"],
                        pools: []
                    )
                )
            }
            guard try (row["preset_id"] as PresetID?) != nil else { continue }
            rollouts[rollouts.count - 1].pools.append(try RolloutPool(row))
        }
        return rollouts
    }

    fileprivate static func choice<Choice: RawRepresentable<String>>(_ text: String, of type: Choice.Type) throws
        -> Choice
    {
        guard let choice = Choice(rawValue: text) else {
            throw StoreError.internalInconsistency("a roll-out's '\(text)'")
        }
        return choice
    }
}

extension RolloutPool {
    fileprivate init(_ row: Row) throws {
        self.init(
            presetID: try row["preset_id"],
            predecessors: try row["predecessor_ids"],
            standby: try row["standby_preset_id"],
            isProven: try row["is_proven"],
            made: try row["made"],
            madeSince: try row["made_since"],
            lastMadeAt: try row["last_made_at"],
            settings: RolloutSettings(
                floor: try row["rollout_floor"],
                canary: try row["rollout_canary"],
                deadlineSeconds: try row["rollout_deadline_secs"],
                onFailure: try SnapshotQuery.choice(row["rollout_on_failure"], of: RolloutSettings.OnFailure.self)
            )
        )
    }
}
