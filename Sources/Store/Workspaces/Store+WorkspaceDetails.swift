// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Time

extension Store {
    /// One workspace, named by its id or by its name and owner, with its builds, resources, agents and claim.
    ///
    /// By id, a deleted workspace is found too. Throws ``StoreError`` of code `.notFound`, or of `.invalid` when
    /// several have the name.
    package func workspace(
        _ workspace: String,
        owner: String? = nil,
        visibleTo audience: Audience = .everything
    ) async throws -> WorkspaceDetails {
        let id = try await workspaceID(workspace, owner: owner, visibleTo: audience)
        let answers = try await pool.executeBatch(Self.details(of: id))
        guard let row = answers[0].first else { throw StoreError.noWorkspace(workspace) }
        return WorkspaceDetails(
            workspace: try WorkspaceSummary(row),
            organizationName: try row["organization"],
            versionName: try row["version"],
            deleted: try row["deleted"],
            parameters: try answers[1].map { .init(name: try $0["name"], value: try $0["value"]) },
            builds: try answers[2].map(WorkspaceDetails.Build.init),
            resources: try answers[3].map(BuiltResource.init),
            agents: try answers[4].map {
                .init(name: try $0["name"], state: try $0["state"], readyAt: try $0["ready_at"])
            },
            claim: try answers[5].first.map(WorkspaceDetails.Claim.init),
            outputs: try WorkspaceOutputs(answers[6].map(StoredOutput.init))
        )
    }

    /// Throws as ``workspace(_:owner:visibleTo:)`` does.
    func workspaceID(_ workspace: String, owner: String?, visibleTo audience: Audience) async throws -> WorkspaceID {
        let named: SQL = """
            \(sql: .beginsWith(workspace, "w.id", WorkspaceID.self)) OR NOT w.deleted AND lower(w.name) = lower(\(workspace))
            """
        let find = Statement("workspaces.named", "\(sql: Self.selection(of: named, owner, audience)) LIMIT 2")
        return try Self.only(await pool.execute(find), called: workspace)
    }

    private static func details(of id: WorkspaceID) -> [Statement] {
        let latest: SQL = "SELECT * FROM workspace_builds WHERE workspace_id = \(id) ORDER BY build_number DESC LIMIT 1"
        return [
            Statement(
                "workspaces.show",
                """
                SELECT w.id, w.name, coalesce(u.username, '') AS owner, t.name AS template, coalesce(p.name, '') AS preset,
                    w.owner_id = \(prebuildsUserID) AS is_prebuild, b.build_number, b.transition::text AS transition,
                    coalesce(j.job_status::text, 'unknown') AS status, b.job_id, \(sql: WorkspaceSummary.ownColumns),
                    \(sql: .labelPairs),
                    o.name AS organization, v.name AS version, w.deleted
                FROM workspaces w
                JOIN (\(sql: latest)) b ON b.workspace_id = w.id
                JOIN templates t ON t.id = w.template_id
                JOIN organizations o ON o.id = w.organization_id
                JOIN template_versions v ON v.id = b.template_version_id
                LEFT JOIN template_version_presets p ON p.id = b.template_version_preset_id
                LEFT JOIN provisioner_jobs j ON j.id = b.job_id
                LEFT JOIN users u ON u.id = w.owner_id
                WHERE w.id = \(id)
                """
            ),
            Statement(
                "workspaces.show_parameters",
                """
                SELECT x.name, CASE WHEN coalesce(d.sensitive, false) THEN '(sensitive)' ELSE x.value END AS value
                FROM (\(sql: latest)) b
                JOIN workspace_build_parameters x ON x.workspace_build_id = b.id
                LEFT JOIN template_version_parameters d
                    ON d.template_version_id = b.template_version_id AND d.name = x.name
                ORDER BY x.name
                """
            ),
            Statement(
                "workspaces.show_builds",
                """
                SELECT b.build_number, b.transition::text AS transition, b.reason::text AS reason, v.name AS version,
                    coalesce(j.job_status::text, 'unknown') AS status, coalesce(j.error, '') AS error, b.job_id, b.created_at
                FROM workspace_builds b
                JOIN template_versions v ON v.id = b.template_version_id
                LEFT JOIN provisioner_jobs j ON j.id = b.job_id
                WHERE b.workspace_id = \(id) ORDER BY b.build_number DESC
                """
            ),
            Statement(
                "workspaces.show_resources",
                """
                SELECT r.type, r.name, r.address, r.daily_cost \(sql: reportedResources(of: id))
                ORDER BY r.address, r.type, r.name
                """
            ),
            Statement(
                "workspaces.show_agents",
                """
                SELECT DISTINCT ON (a.name) a.name, a.lifecycle_state::text AS state, a.ready_at
                FROM workspace_builds b
                JOIN workspace_resources r ON r.job_id = b.job_id
                JOIN workspace_agents a ON a.resource_id = r.id AND NOT a.deleted
                WHERE b.workspace_id = \(id) ORDER BY a.name, b.build_number DESC
                """
            ),
            Statement(
                "workspaces.show_claim",
                """
                SELECT outcome, outcome_reason, created_at, usable_at FROM workspace_claims
                WHERE workspace_id = \(id) ORDER BY created_at DESC LIMIT 1
                """
            ),
            outputs(of: id),
        ]
    }
}

extension Store {
    /// The resources of the workspace's newest build that reported any, without agents.
    static func reportedResources(of workspace: WorkspaceID) -> SQL {
        """
        FROM workspace_resources r
        WHERE r.type <> \(AgentRows.resourceType) AND r.job_id = (
            SELECT b.job_id FROM workspace_builds b
            WHERE b.workspace_id = \(workspace) AND EXISTS (
                SELECT FROM workspace_resources x WHERE x.job_id = b.job_id AND x.type <> \(AgentRows.resourceType)
            )
            ORDER BY b.build_number DESC LIMIT 1
        )
        """
    }
}

extension WorkspaceDetails.Build {
    fileprivate init(_ row: Row) throws {
        self.init(
            number: try row["build_number"],
            transition: try row["transition"],
            reason: try row["reason"],
            versionName: try row["version"],
            status: try row["status"],
            error: try row["error"],
            jobID: try row["job_id"],
            createdAt: try row["created_at"]
        )
    }
}

extension BuiltResource {
    fileprivate init(_ row: Row) throws {
        self.init(
            type: try row["type"],
            name: try row["name"],
            address: try row["address"],
            dailyCost: try row["daily_cost"]
        )
    }
}

extension WorkspaceDetails.Claim {
    fileprivate init(_ row: Row) throws {
        self.init(
            outcome: try row["outcome"],
            reason: try row["outcome_reason"],
            claimedAt: try row["created_at"],
            usableAt: try row["usable_at"]
        )
    }
}
