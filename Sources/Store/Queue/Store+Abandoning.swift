// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// The known parts of a workspace that was removed without its provisioner.
package struct AbandonedWorkspace: Hashable, Sendable {
    /// A finished job that records the removal.
    package var jobID: JobID?
    /// The resources that its builds reported, as addresses, or as type and name.
    package var resources: [String]
    /// The newest state of its builds, and its late states, as they are stored.
    package var states: [[UInt8]]
}

/// The removal of a workspace, in one transaction with the workspace locked. Valid only inside the body of
/// ``Store/abandoning(_:owner:visibleTo:by:_:)``.
package struct Abandonment {
    package let workspace: AbandonedWorkspace
    fileprivate let id: WorkspaceID
    fileprivate let transaction: PostgresTransaction

    /// Removes the workspace; the end of the body commits.
    ///
    /// - Parameter note: What remains, in words, for the job's log.
    package func remove(noting note: String) async throws {
        _ = try await transaction.executeBatch(
            (workspace.jobID.map { [Store.note(note, at: $0)] } ?? []) + Store.gone(id)
        )
    }
}

extension Store {
    /// Starts the removal of a workspace without its provisioner, which cannot run any more. Its resources are not
    /// touched; the body reports what they were. Late states and its builds stay. If the body throws, nothing is
    /// changed.
    ///
    /// A pending build is canceled with `ABANDONED`. Throws ``StoreError`` of code `.notFound`, of `.invalid` when
    /// several workspaces have the name, and of `.conflict` while a worker executes a build of it.
    ///
    /// - Parameter operatorName: Who requested it, for the record, whose log says what remains.
    package func abandoning<Value>(
        _ workspace: String,
        owner: String? = nil,
        visibleTo audience: Audience = .everything,
        by operatorName: String,
        _ body: (Abandonment) async throws -> Value
    ) async throws -> Value {
        try await changing("workspaces.abandon") { transaction in
            let id = try await Self.lock(workspace, owner: owner, visibleTo: audience, on: transaction)
            let builds = try await transaction.execute(Self.unfinished(of: id))
            let open = try builds.map { (try $0["id"] as JobID, try $0["status"] as OpenEnum<JobStatus>) }
            if let running = open.first(where: { $0.1 != .pending }) {
                throw StoreError(
                    .conflict,
                    "A worker executes a build of '\(workspace)'",
                    remedy: "End it with 'stoker jobs cancel \(running.0)', then try again."
                )
            }
            if !open.isEmpty {
                _ = try await transaction.executeBatch(Self.endPending(open.map(\.0), because: .abandoned))
            }
            let answers = try await transaction.executeBatch([
                Self.reported(of: id), Self.states(of: id), Self.record(of: id, by: operatorName),
            ])
            let abandoned = AbandonedWorkspace(
                jobID: try answers[2].first?.decode(JobID.self),
                resources: try answers[0].map { try $0.decode(String.self) },
                states: try answers[1].map { try $0.decode([UInt8].self) }
            )
            return try await body(Abandonment(workspace: abandoned, id: id, transaction: transaction))
        }
    }

    private static func unfinished(of workspace: WorkspaceID) -> Statement {
        Statement(
            "workspaces.unfinished",
            """
            SELECT j.id, j.job_status::text AS status FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id
            WHERE b.workspace_id = \(workspace) AND j.completed_at IS NULL
            ORDER BY b.build_number FOR UPDATE OF j
            """
        )
    }

    /// The resources of the newest build that reported any.
    private static func reported(of workspace: WorkspaceID) -> Statement {
        Statement(
            "workspaces.reported",
            """
            SELECT coalesce(nullif(r.address, ''), r.type || '.' || r.name) \(sql: reportedResources(of: workspace))
            ORDER BY 1 LIMIT 1000
            """
        )
    }

    private static func states(of workspace: WorkspaceID) -> Statement {
        Statement(
            "workspaces.states",
            within: .seconds(30),
            """
            (
                SELECT provisioner_state FROM workspace_builds
                WHERE workspace_id = \(workspace) AND provisioner_state IS NOT NULL ORDER BY build_number DESC LIMIT 1
            ) UNION ALL (
                SELECT state FROM late_states WHERE workspace_id = \(workspace) ORDER BY received_at LIMIT 20
            )
            """
        )
    }

    /// A delete build with a finished job, for the workspace's history; none for a workspace without builds.
    private static func record(of workspace: WorkspaceID, by operatorName: String) -> Statement {
        let builds = NewBuilds(
            rows: "target",
            transition: .delete,
            reason: .initiator,
            initiator: "n.owner_id",
            jobClass: .delete
        )
        return Statement(
            "workspaces.record_abandoned",
            """
            WITH target AS MATERIALIZED (
                SELECT \(sql: NewBuilds.afterLatest), w.owner_id, t.provisioner, gen_random_uuid() AS build_id,
                    gen_random_uuid() AS job_id
                FROM workspaces w
                CROSS JOIN LATERAL \(sql: .latestBuild()) b
                LEFT JOIN templates t ON t.id = w.template_id
                WHERE w.id = \(workspace)
            ), new_job AS (
                INSERT INTO provisioner_jobs (id, organization_id, initiator_id, type, provisioner, input, priority,
                    template_id, workspace_id, completed_at)
                SELECT job_id, organization_id, owner_id, 'workspace_build', coalesce(provisioner, 'terraform'),
                    jsonb_build_object('workspace_build_id', build_id, 'abandoned_by', \(operatorName)::text),
                    \(JobClass.delete.priority), template_id, workspace_id, now()
                FROM target
            ), \(sql: builds.builds)
            SELECT job_id FROM target
            """
        )
    }

    fileprivate static func note(_ text: String, at job: JobID) -> Statement {
        Statement(
            "workspaces.note_abandoned",
            """
            INSERT INTO provisioner_job_logs (job_id, source, level, output) VALUES (\(job), 'worker', 'warn', \(text))
            """
        )
    }

    fileprivate static func gone(_ workspace: WorkspaceID) -> [Statement] {
        [
            Statement(
                "workspaces.gone",
                "UPDATE workspaces SET deleted = true, retiring = true, updated_at = now() WHERE id = \(workspace)"
            ),
            agentsGone(of: "\(workspace)"),
            Statement("workspaces.outputs_gone", outputsGone(of: "\(workspace)")),
        ]
    }
}
