// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// A workspace with its latest build.
package struct WorkspaceSummary: Hashable, Sendable, Codable {
    package var id: WorkspaceID
    package var name: String
    package var ownerName: String
    package var templateName: String
    package var presetName: String
    package var isPrebuild: Bool
    package var buildNumber: Int
    /// `unknown` if it has no build.
    package var transition: OpenEnum<Transition>
    /// The status of its latest build's job; `unknown` if there is none.
    package var status: OpenEnum<JobStatus>
    package var jobID: JobID?
    package var createdAt: Instant
    package var claimedAt: Instant?
    package var lastUsedAt: Instant?
    /// When it is deleted; `nil`: it has no end.
    package var expiresAt: Instant?
    /// Since when it is stopped because nobody used it; `nil`: it is not.
    package var dormantAt: Instant?
    /// Absent when there are none.
    package var labels: [String: String]?

    private enum CodingKeys: String, CodingKey {
        case id, name, transition, status, labels
        case ownerName = "owner_name"
        case templateName = "template_name"
        case presetName = "preset_name"
        case isPrebuild = "prebuild"
        case buildNumber = "build_number"
        case jobID = "job_id"
        case createdAt = "created_at"
        case claimedAt = "claimed_at"
        case lastUsedAt = "last_used_at"
        case expiresAt = "expires_at"
        case dormantAt = "dormant_at"
    }

    /// The columns of a workspace `w` that it reads, besides names and its latest build.
    static let ownColumns: SQL = "w.created_at, w.claimed_at, w.last_used_at, w.expires_at, w.dormant_at"
}

extension Store {
    /// Workspaces that are not deleted, newest first. Throws ``StoreError`` of code `.notFound` for a filter that names what
    /// does not exist.
    ///
    /// - Parameter status: The status of the latest build.
    /// - Parameter mark: The end of the previous page.
    package func workspaces(
        owner: String? = nil,
        template: String? = nil,
        preset: String? = nil,
        status: JobStatus? = nil,
        visibleTo audience: Audience = .everything,
        labelled selector: [String: String]? = nil,
        after mark: PageMark<Kind.Workspace>? = nil,
        limit: Int = 200
    ) async throws -> [WorkspaceSummary] {
        let rows = try await pool.execute(
            "workspaces.list",
            """
            SELECT w.id, w.name, coalesce(u.username, '') AS owner, coalesce(t.name, '') AS template,
                coalesce(p.name, '') AS preset, w.owner_id = \(prebuildsUserID) AS is_prebuild,
                coalesce(b.build_number, 0) AS build_number, coalesce(b.transition::text, 'unknown') AS transition,
                coalesce(b.job_status::text, 'unknown') AS status, b.job_id, \(sql: WorkspaceSummary.ownColumns),
                \(sql: .labelPairs)
            FROM workspaces w
            -- A workspace is listed even when its preset, version or template is gone.
            LEFT JOIN templates t ON t.id = w.template_id
            LEFT JOIN workspace_latest_builds b ON b.workspace_id = w.id
            LEFT JOIN users u ON u.id = w.owner_id
            LEFT JOIN template_version_presets p ON p.id = b.template_version_preset_id
            WHERE NOT w.deleted AND (\(owner) IS NULL OR lower(u.username) = lower(\(owner)))
                AND (\(template)::text IS NULL OR lower(t.name) = lower(\(template)))
                AND (\(preset)::text IS NULL OR p.name = \(preset))
                AND (\(status?.rawValue)::text IS NULL OR b.job_status::text = \(status?.rawValue))
                AND \(sql: audience.seesWorkspace) AND \(sql: .hasLabels(selector))
                AND (\(mark?.id)::uuid IS NULL OR (w.created_at, w.id) < (\(mark?.createdAt), \(mark?.id)))
            ORDER BY w.created_at DESC, w.id DESC LIMIT \(limit)
            """
        )
        if rows.isEmpty, mark == nil {
            try await requireOwner(owner, visibleTo: audience)
            try await requireTemplate(template)
            try await requirePreset(preset, of: template)
        }
        return try rows.map(WorkspaceSummary.init)
    }

    /// Enqueues the deletion of a workspace, named by its id or by its name and owner; returns the delete job.
    ///
    /// The newest state of the workspace decides what is destroyed. Throws ``StoreError`` of code `.notFound`, of
    /// `.invalid` when several have the name, and of `.conflict` while another build of it is in progress.
    package func deleteWorkspace(
        _ workspace: String,
        owner: String? = nil,
        visibleTo audience: Audience = .everything
    ) async throws -> JobID {
        try await changing("workspaces.delete") { transaction in
            let id = try await Self.lock(workspace, owner: owner, visibleTo: audience, on: transaction)
            guard let job = try await transaction.execute(Self.deletion(of: "\(id)")).first else {
                throw StoreError(
                    .conflict,
                    "Another build of '\(workspace)' is under way",
                    remedy: "Wait for it, or cancel it with 'stoker jobs cancel'."
                )
            }
            return try job["job_id"]
        }
    }

    /// Finds a workspace that is not deleted, by its id, the first digits of it, or by its name and owner, and locks its row.
    ///
    /// Throws ``StoreError`` of code `.notFound`, or of `.invalid` when several have the name.
    static func lock(
        _ workspace: String,
        owner: String?,
        visibleTo audience: Audience,
        on transaction: PostgresTransaction
    ) async throws -> WorkspaceID {
        let named: SQL = """
            NOT w.deleted AND (\(sql: .beginsWith(workspace, "w.id", WorkspaceID.self)) OR lower(w.name) = lower(\(workspace)))
            """
        let find = Statement(
            "workspaces.find",
            "\(sql: selection(of: named, owner, audience)) LIMIT 2 FOR UPDATE OF w"
        )
        return try only(await transaction.execute(find), called: workspace)
    }

    /// The workspaces with this name that the audience may see.
    static func selection(of named: SQL, _ owner: String?, _ audience: Audience) -> SQL {
        """
        SELECT w.id FROM workspaces w LEFT JOIN users u ON u.id = w.owner_id
        WHERE (\(sql: named)) AND (\(owner) IS NULL OR lower(u.username) = lower(\(owner)))
            AND \(sql: audience.seesWorkspace)
        """
    }

    static func only(_ found: QueryResult, called workspace: String) throws -> WorkspaceID {
        guard let row = found.first else { throw StoreError.noWorkspace(workspace) }
        guard found.count == 1 else {
            throw StoreError(
                .invalid,
                "Several workspaces are called '\(workspace)'",
                remedy: "Name the owner too, or the id."
            )
        }
        return try row.decode(WorkspaceID.self)
    }

    /// Adds a delete build to a locked workspace; returns the job, or `nil` while another build is in progress.
    static func deletion(of workspace: SQL) -> Statement {
        let builds = NewBuilds(
            rows: "target",
            transition: .delete,
            reason: .initiator,
            initiator: "n.owner_id",
            jobClass: .delete
        )
        return Statement(
            "workspaces.enqueue_delete",
            """
            WITH target AS MATERIALIZED (
                SELECT \(sql: NewBuilds.afterLatest), w.owner_id, gen_random_uuid() AS build_id, gen_random_uuid() AS job_id
                FROM workspaces w
                CROSS JOIN LATERAL \(sql: .latestBuild()) b
                JOIN provisioner_jobs j ON j.id = b.job_id AND j.completed_at IS NOT NULL
                WHERE w.id = \(sql: workspace)
            ), retired AS (
                UPDATE workspaces w SET retiring = true, updated_at = now() FROM target WHERE w.id = target.workspace_id
            ), \(sql: builds.terms), \(sql: builds.parameters(.parameters(ofBuild: "n.last_build_id")))
            SELECT job_id, \(sql: News.column(News.jobs(of: "new_jobs"), News.reconcile("preset_id"))) FROM target
            """
        )
    }
}

extension WorkspaceSummary {
    init(_ row: Row) throws {
        self.init(
            id: try row["id"],
            name: try row["name"],
            ownerName: try row["owner"],
            templateName: try row["template"],
            presetName: try row["preset"],
            isPrebuild: try row["is_prebuild"],
            buildNumber: try row["build_number"],
            transition: try row["transition"],
            status: try row["status"],
            jobID: try row["job_id"],
            createdAt: try row["created_at"],
            claimedAt: try row["claimed_at"],
            lastUsedAt: try row["last_used_at"],
            expiresAt: try row["expires_at"],
            dormantAt: try row["dormant_at"],
            labels: try Labels.read(row)
        )
    }
}

extension StoreError {
    static func noWorkspace(_ name: String) -> Self {
        notFound("workspace", name, remedy: "See 'stoker workspaces list'.")
    }
}
