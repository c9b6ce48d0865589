// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// The result of handing in a state that outlived its execution.
package enum RecoveredState: String, Hashable, Sendable {
    /// It is now the build's state: the job was still the execution's, or was given back and not begun again.
    case stored
    /// The execution has recorded its own end with its state.
    case ended
    /// Another execution had begun from an older state. It is kept as a late state for the workspace's next build; for
    /// a deleted workspace, another deletion is enqueued.
    case late
    /// There is no such build.
    case unknown
}

extension Store {
    /// Takes a state that an execution has left because its worker was killed, cut off, or out of time.
    ///
    /// The fence decides. While the job is the execution's, the state is a checkpoint like any other. When a job is
    /// given back, its epoch grows by one, and each claim adds one more: so while the difference is one, nobody has
    /// read an older state, and the next execution starts from this one and refreshes first. The same holds for a build
    /// that ended with its worker, until a later build of the workspace has begun.
    ///
    /// - Parameter state: The state as it is stored: encrypted, if states are.
    package func recover(_ state: [UInt8], of execution: HeldJob, from worker: String) async throws -> RecoveredState {
        try await pool.withTransaction("executions.recover_state") { transaction in
            _ = try await transaction.execute(Self.lockBuilds(from: execution.id))
            let rows = try await transaction.execute(Self.recovery(of: state, execution, from: worker))
            guard let row = rows.first else { return .unknown }
            let fate: RecoveredState = try row.label("fate")
            if fate == .late {
                // The workspace may be gone already, while the resources of this state exist.
                let workspace: WorkspaceID = try row["workspace_id"]
                _ = try await transaction.execute(Self.deletionOfLateStates(of: "\(workspace)"))
            }
            return fate
        }
    }

    /// Locks the job, those of later builds and the workspace: a claim skips locked rows, so none of these begins from
    /// an older state while this one is being stored.
    private static func lockBuilds(from job: JobID) -> Statement {
        Statement(
            "executions.lock_builds",
            within: .seconds(30),
            """
            SELECT FROM workspace_builds b
            JOIN workspaces w ON w.id = b.workspace_id
            JOIN workspace_builds l ON l.workspace_id = b.workspace_id AND l.build_number >= b.build_number
            JOIN provisioner_jobs j ON j.id = l.job_id
            WHERE b.job_id = \(job)
            ORDER BY l.build_number FOR NO KEY UPDATE OF j, w
            """
        )
    }

    private static func recovery(of state: [UInt8], _ execution: HeldJob, from worker: String) -> Statement {
        Statement(
            "executions.recover_state",
            within: .seconds(30),
            """
            WITH job AS MATERIALIZED (
                SELECT j.id, j.claim_epoch, j.attempt, j.worker_id, j.completed_at, j.canceled_at, j.error_code,
                    b.id AS build_id, b.workspace_id, b.build_number
                FROM provisioner_jobs j JOIN workspace_builds b ON b.job_id = j.id
                JOIN workspaces w ON w.id = b.workspace_id
                WHERE j.id = \(execution.id)
            ), fate AS MATERIALIZED (
                SELECT job.*, CASE
                    WHEN claim_epoch = \(execution.epoch) AND completed_at IS NULL THEN 'stored'
                    WHEN claim_epoch = \(execution.epoch) THEN 'ended'
                    WHEN claim_epoch = \(execution.epoch) + 1 AND CASE
                            WHEN completed_at IS NULL THEN worker_id IS NULL
                            ELSE canceled_at IS NOT NULL OR error_code = \(QueueEnd.workerLost.rawValue)
                        END
                        AND NOT EXISTS (
                            SELECT FROM workspace_builds l JOIN provisioner_jobs lj ON lj.id = l.job_id
                            WHERE l.workspace_id = job.workspace_id AND l.build_number > job.build_number
                                AND lj.claim_epoch > 0
                        ) THEN 'stored'
                    ELSE 'late'
                END AS fate
                FROM job
            ), stored AS (
                UPDATE workspace_builds b SET provisioner_state = \(state), updated_at = now()
                FROM fate WHERE b.id = fate.build_id AND fate.fate = 'stored'
            ), refreshing AS (
                UPDATE provisioner_jobs j SET refresh_first = true
                FROM fate WHERE j.id = fate.id AND fate.fate = 'stored' AND fate.completed_at IS NULL
            ), kept AS (
                INSERT INTO late_states (job_id, claim_epoch, workspace_id, worker_name, state)
                SELECT id, \(execution.epoch), workspace_id, \(worker), \(state) FROM fate WHERE fate = 'late'
                ON CONFLICT (job_id, claim_epoch) DO UPDATE SET state = excluded.state, received_at = now()
                -- Logged once: an existing row was updated.
                RETURNING job_id, xmax = 0 AS is_new
            ), told AS (
                INSERT INTO provisioner_job_logs (job_id, attempt, source, level, output)
                SELECT fate.id, fate.attempt, 'worker', 'warn',
                    'The state of execution ' || \(execution.epoch) || ' came after another had begun. It is kept: the '
                        || 'next build takes over what it names, and the deletion destroys it.'
                FROM fate JOIN kept ON kept.job_id = fate.id AND kept.is_new
            )
            SELECT fate, workspace_id FROM fate
            """
        )
    }
}
