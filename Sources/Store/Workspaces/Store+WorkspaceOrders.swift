// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
import Time

/// A build that was ordered for a workspace.
package struct OrderedBuild: Hashable, Sendable, Codable {
    package var workspaceID: WorkspaceID
    package var workspaceName: String
    package var transition: Transition
    package var buildNumber: Int
    package var jobID: JobID

    private enum CodingKeys: String, CodingKey {
        case transition
        case workspaceID = "workspace_id"
        case workspaceName = "workspace_name"
        case buildNumber = "build_number"
        case jobID = "job_id"
    }
}

/// A request of a user about one workspace.
package struct WorkspaceRequest: Hashable, Sendable {
    /// Its name or id.
    package var workspace: String
    /// Its owner, when several workspaces have the name.
    package var owner: String?
    package var audience: Audience
    /// Who asks; `nil`: no user of the database.
    package var by: UserID?

    package init(_ workspace: String, owner: String?, audience: Audience, by: UserID?) {
        self.workspace = workspace
        self.owner = owner
        self.audience = audience
        self.by = by
    }
}

/// What can be done to a workspace between its claim and its deletion.
package enum WorkspaceOrder: Hashable, Sendable {
    case start, stop
    /// A stop, and then a start.
    case restart

    /// The transition of the first build.
    var transition: Transition { self == .start ? .start : .stop }
}

extension Store {
    /// Orders a build of a workspace. A restart orders the stop; its end orders the start.
    ///
    /// Throws ``StoreError`` of code `.notFound`, of `.invalid` when several have the name, and of `.conflict` while
    /// another build of it is in progress, when it is a prebuild, is being deleted, or is in that state already.
    package func order(_ order: WorkspaceOrder, _ request: WorkspaceRequest) async throws -> OrderedBuild {
        try await pool.withTransaction("workspaces.order") { transaction in
            let present = try await Self.present(request, on: transaction)
            try present.check(order)
            let ordered = Self.build(
                order.transition,
                of: present.id,
                because: .initiator,
                by: request.by,
                then: order == .restart ? .start : nil
            )
            let row = try await transaction.execute(ordered).only()
            return OrderedBuild(
                workspaceID: present.id,
                workspaceName: present.name,
                transition: order.transition,
                buildNumber: try row["build_number"],
                jobID: try row["job_id"]
            )
        }
    }

    /// Locks the workspace of a request and reads its present state.
    static func present(
        _ request: WorkspaceRequest,
        on transaction: PostgresTransaction
    ) async throws -> PresentWorkspace {
        let id = try await lock(
            request.workspace,
            owner: request.owner,
            visibleTo: request.audience,
            on: transaction
        )
        let rows = try await transaction.execute(
            "workspaces.present",
            """
            SELECT w.id, w.name::text AS name, w.owner_id = \(prebuildsUserID) AS is_prebuild, w.retiring,
                coalesce(b.transition::text, '') AS transition, coalesce(j.job_status::text, '') AS status,
                w.expires_at, coalesce(w.claimed_at, w.created_at) AS claimed_at, now() AS now,
                v.lifetime_max_secs, t.active_version_id, b.template_version_id AS version_id
            FROM workspaces w
            LEFT JOIN LATERAL \(sql: .latestBuild()) b ON true
            LEFT JOIN provisioner_jobs j ON j.id = b.job_id
            LEFT JOIN templates t ON t.id = w.template_id
            LEFT JOIN template_versions v ON v.id = t.active_version_id
            WHERE w.id = \(id)
            """
        )
        return try PresentWorkspace(rows.only())
    }

    /// Adds a build with the version, preset and parameters of the latest one, which must have ended, to a locked
    /// workspace. It counts as use, unless nobody asked for it.
    ///
    /// - Parameters:
    ///   - initiator: `nil`: the owner.
    ///   - next: The transition of a further build, which the end of this one orders.
    static func build(
        _ transition: Transition,
        of workspace: WorkspaceID,
        because reason: BuildReason,
        by initiator: UserID?,
        then next: Transition?
    ) -> Statement {
        var builds = NewBuilds(
            rows: "target",
            transition: transition,
            reason: reason,
            initiator: "n.initiator_id",
            jobClass: .interactive
        )
        if let next { builds.input = "jsonb_build_object('then', \(quoted: next.rawValue))" }
        return Statement(
            "workspaces.build",
            """
            WITH target AS MATERIALIZED (
                SELECT \(sql: NewBuilds.afterLatest), coalesce(\(initiator), w.owner_id) AS initiator_id,
                    gen_random_uuid() AS build_id, gen_random_uuid() AS job_id
                FROM workspaces w
                CROSS JOIN LATERAL \(sql: .latestBuild()) b
                JOIN provisioner_jobs j ON j.id = b.job_id AND j.completed_at IS NOT NULL
                WHERE w.id = \(workspace)
            ), used AS (
                UPDATE workspaces w SET last_used_at = now(), dormant_at = NULL, updated_at = now()
                FROM target WHERE w.id = target.workspace_id
            ), \(sql: builds.terms), \(sql: builds.parameters(.parameters(ofBuild: "n.last_build_id")))
            SELECT job_id, build_number, \(sql: News.column(News.jobs(of: "new_jobs"))) FROM target
            """
        )
    }
}

/// A locked workspace with its latest build.
struct PresentWorkspace {
    let id: WorkspaceID
    let name: String
    let isPrebuild: Bool
    let isRetiring: Bool
    let transition: OpenEnum<Transition>
    let status: OpenEnum<JobStatus>
    let expiresAt: Instant?
    let claimedAt: Instant
    let now: Instant
    /// The longest lifetime that the template allows, in seconds.
    let maxSeconds: Int?
    let activeVersionID: TemplateVersionID?
    let versionID: TemplateVersionID?

    init(_ row: Row) throws {
        id = try row["id"]
        name = try row["name"]
        isPrebuild = try row["is_prebuild"]
        isRetiring = try row["retiring"]
        transition = try row["transition"]
        status = try row["status"]
        expiresAt = try row["expires_at"]
        claimedAt = try row["claimed_at"]
        now = try row["now"]
        maxSeconds = try row["lifetime_max_secs"]
        activeVersionID = try row["active_version_id"]
        versionID = try row["version_id"]
    }

    /// Throws ``StoreError`` of code `.conflict` unless a build can be ordered now.
    func checkIdle() throws {
        try checkOwned()
        guard status.known?.hasEnded == true else {
            throw StoreError(
                .conflict,
                "Another build of '\(name)' is under way: \(transition), \(status)",
                remedy: "Wait for it, or cancel it with 'stoker jobs cancel'."
            )
        }
    }

    /// Throws ``StoreError`` of code `.conflict` for a prebuild, and for a workspace that is being deleted.
    func checkOwned() throws {
        guard !isPrebuild else {
            throw StoreError(.conflict, "'\(name)' is a prebuild, which belongs to its pool", remedy: "Claim it first.")
        }
        guard !isRetiring else { throw StoreError(.conflict, "'\(name)' is being deleted") }
    }

    func check(_ order: WorkspaceOrder) throws {
        try checkIdle()
        guard status == .succeeded else { return }
        if order == .start, transition == .start {
            throw StoreError(
                .conflict,
                "'\(name)' is started already",
                remedy: "Restart it with 'stoker workspaces restart'."
            )
        }
        if order == .stop, transition == .stop { throw StoreError(.conflict, "'\(name)' is stopped already") }
        if order == .restart, transition == .stop {
            throw StoreError(.conflict, "'\(name)' is stopped", remedy: "Start it with 'stoker workspaces start'.")
        }
    }
}
