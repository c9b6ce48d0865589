// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Time

extension Store {
    /// The late states of this workspace, in the order of their arrival.
    package func lateStates(of workspace: WorkspaceID) async throws -> [LateState] {
        let rows = try await pool.execute(
            "executions.late_states",
            within: .seconds(30),
            """
            SELECT job_id, claim_epoch, received_at, state FROM late_states WHERE workspace_id = \(workspace)
            ORDER BY received_at, claim_epoch
            """
        )
        return try rows.map { row in
            LateState(
                execution: HeldJob(id: try row["job_id"], epoch: try row["claim_epoch"]),
                receivedAt: try row["received_at"],
                state: try row["state"]
            )
        }
    }

    /// Stores the merged state of the build and the late states, and keeps only the unmerged rest of those.
    ///
    /// Fenced: returns false, and changes nothing, when the execution has lost the job. A late state that was handed in
    /// again meanwhile stays whole, for the next build.
    package func takeOver(
        _ late: [(state: LateState, rest: [UInt8]?)],
        into state: [UInt8],
        of job: HeldJob
    ) async throws -> Bool {
        let rests = late.compactMap { late in late.rest.map { (late.state, $0) } }
        let rows = try await pool.execute(
            "executions.take_over",
            within: .seconds(30),
            """
            WITH fence AS MATERIALIZED (\(sql: Self.fence(job))), joined AS (
                UPDATE workspace_builds b SET provisioner_state = \(state), updated_at = now()
                FROM fence WHERE b.job_id = fence.id
                RETURNING b.id
            ), gone AS (
                DELETE FROM late_states l USING fence, \(sql: Self.rows(late.filter { $0.rest == nil }.map(\.state)))
                WHERE l.job_id = g.job_id AND l.claim_epoch = g.claim_epoch AND l.received_at = g.received_at
            ), kept AS (
                UPDATE late_states l SET state = r.state
                FROM fence, unnest(
                    \(rests.map(\.0.execution.id)), \(rests.map(\.0.execution.epoch)), \(rests.map(\.0.receivedAt)),
                    \(rests.map(\.1))
                ) r(job_id, claim_epoch, received_at, state)
                WHERE l.job_id = r.job_id AND l.claim_epoch = r.claim_epoch AND l.received_at = r.received_at
            )
            SELECT id FROM joined
            """
        )
        return !rows.isEmpty
    }

    private static func rows(_ states: [LateState]) -> SQL {
        """
        unnest(\(states.map(\.execution.id)), \(states.map(\.execution.epoch)), \(states.map(\.receivedAt)))
            AS g(job_id, claim_epoch, received_at)
        """
    }

    /// Removes the late states that a finished deletion has destroyed; for those that arrived meanwhile, another
    /// deletion is enqueued. It must run after the workspace was marked deleted: handing in a state waits for that row,
    /// so none is missed.
    static func destroyed(_ job: HeldJob, _ states: [LateState]) -> [Statement] {
        let forget = Statement(
            "completion.late_states",
            """
            DELETE FROM late_states l USING \(sql: rows(states))
            WHERE l.workspace_id = \(sql: workspaceDeleted(by: job))
                AND l.job_id = g.job_id AND l.claim_epoch = g.claim_epoch AND l.received_at = g.received_at
            """
        )
        return (states.isEmpty ? [] : [forget]) + [deletionOfLateStates(of: workspaceDeleted(by: job))]
    }

    /// Enqueues another deletion of a deleted workspace, when it has late states and no build is in progress.
    static func deletionOfLateStates(of workspace: SQL) -> Statement {
        deletion(
            of: """
                (SELECT w.id FROM workspaces w
                WHERE w.id = \(sql: workspace) AND w.deleted AND EXISTS (SELECT FROM late_states l WHERE l.workspace_id = w.id))
                """
        )
    }
}
