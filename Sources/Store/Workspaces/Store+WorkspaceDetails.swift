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
        let id = try await find(workspace, owner: owner, visibleTo: audience)
        let answers = try await pool.executeBatch(Self.details(of: id))
        guard let row = answers[0].first else { throw StoreError.noWorkspace(workspace) }
        var reader = RowReader(row)
        return WorkspaceDetails(
            workspace: WorkspaceSummary(
                id: id,
                name: try reader.next(),
                ownerName: try reader.next(),
                templateName: try reader.next(),
                presetName: try reader.next(),
                isPrebuild: try reader.next(),
                buildNumber: try reader.next(),
                transition: try reader.next(),
                status: try reader.next(),
                jobID: try reader.next(),
                createdAt: try reader.next(),
                claimedAt: try reader.next()
            ),
            organizationName: try reader.next(),
            versionName: try reader.next(),
            deleted: try reader.next(),
            parameters: try answers[1].map(WorkspaceDetails.Parameter.init),
            builds: try answers[2].map(WorkspaceDetails.Build.init),
            resources: try answers[3].map(WorkspaceDetails.Resource.init),
            agents: try answers[4].map(WorkspaceDetails.Agent.init),
            claim: try answers[5].first.map(WorkspaceDetails.Claim.init)
        )
    }

    private func find(
        _ workspace: String,
        owner: String?,
        visibleTo audience: Audience
    ) async throws -> WorkspaceID {
        let found = try await pool.execute(
            Statement(
                "workspaces.named",
                """
                SELECT w.id FROM workspaces w LEFT JOIN users u ON u.id = w.owner_id
                WHERE (w.id::text = lower(\(workspace)) OR NOT w.deleted AND lower(w.name) = lower(\(workspace)))
                    AND (\(owner) IS NULL OR lower(u.username) = lower(\(owner)))
                    AND \(sql: audience.seesWorkspace)
                LIMIT 2
                """
            )
        )
        guard let row = found.first else { throw StoreError.noWorkspace(workspace) }
        guard found.count == 1 else {
            throw StoreError(.invalid, "Several workspaces are called '\(workspace)'", remedy: "Name the owner too.")
        }
        return try row.decode(WorkspaceID.self)
    }

    private static func details(of id: WorkspaceID) -> [Statement] {
        let latest: SQL = "SELECT * FROM workspace_builds WHERE workspace_id = \(id) ORDER BY build_number DESC LIMIT 1"
        return [
            Statement(
                "workspaces.show",
                """
                SELECT w.name, coalesce(u.username, ''), t.name, coalesce(p.name, ''), w.owner_id = \(prebuildsUserID),
                    b.build_number, b.transition::text, coalesce(j.job_status::text, 'unknown'), b.job_id, w.created_at,
                    w.claimed_at, o.name, v.name, w.deleted
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
                SELECT x.name, CASE WHEN coalesce(d.sensitive, false) THEN '(sensitive)' ELSE x.value END
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
                SELECT b.build_number, b.transition::text, b.reason::text, v.name, coalesce(j.job_status::text, 'unknown'),
                    coalesce(j.error, ''), b.job_id, b.created_at
                FROM workspace_builds b
                JOIN template_versions v ON v.id = b.template_version_id
                LEFT JOIN provisioner_jobs j ON j.id = b.job_id
                WHERE b.workspace_id = \(id) ORDER BY b.build_number DESC
                """
            ),
            Statement(
                "workspaces.show_resources",
                """
                SELECT r.type, r.name, r.address, r.daily_cost FROM workspace_resources r
                WHERE r.type <> \(AgentRows.resourceType) AND r.job_id = (
                    SELECT b.job_id FROM workspace_builds b
                    WHERE b.workspace_id = \(id) AND EXISTS (
                        SELECT FROM workspace_resources x
                        WHERE x.job_id = b.job_id AND x.type <> \(AgentRows.resourceType)
                    )
                    ORDER BY b.build_number DESC LIMIT 1
                )
                ORDER BY r.address, r.type, r.name
                """
            ),
            Statement(
                "workspaces.show_agents",
                """
                SELECT DISTINCT ON (a.name) a.name, a.lifecycle_state::text, a.ready_at
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
        ]
    }
}

extension StoreError {
    static func noWorkspace(_ name: String) -> Self {
        notFound("workspace", name, remedy: "See 'stoker workspaces list'.")
    }
}

extension WorkspaceDetails.Parameter {
    fileprivate init(_ row: Row) throws {
        (name, value) = try row.decode(String.self, String.self)
    }
}

extension WorkspaceDetails.Build {
    fileprivate init(_ row: Row) throws {
        (number, transition, reason, versionName, status, error, jobID, createdAt) = try row.decode(
            Int.self,
            String.self,
            String.self,
            String.self,
            String.self,
            String.self,
            JobID.self,
            Instant.self
        )
    }
}

extension WorkspaceDetails.Resource {
    fileprivate init(_ row: Row) throws {
        (type, name, address, dailyCost) = try row.decode(String.self, String.self, String.self, Int.self)
    }
}

extension WorkspaceDetails.Agent {
    fileprivate init(_ row: Row) throws {
        (name, state, readyAt) = try row.decode(String.self, String.self, Instant?.self)
    }
}

extension WorkspaceDetails.Claim {
    fileprivate init(_ row: Row) throws {
        (outcome, reason, claimedAt, usableAt) = try row.decode(String.self, String.self, Instant.self, Instant?.self)
    }
}
