// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials
import PostgresClient

extension Store {
    /// What an update of the workspace to the active version would replace, as far as it was rehearsed.
    ///
    /// Throws ``StoreError`` of code `.notFound`, or of `.invalid` when several have the name.
    package func workspaceUpdate(_ request: WorkspaceRequest) async throws -> WorkspaceUpdate {
        let id = try await workspaceID(request.workspace, owner: request.owner, visibleTo: request.audience)
        return try await workspaceUpdate(of: id)
    }

    /// Orders an update of a workspace to the active version of its template, or the rehearsal of one: a plan with the
    /// present state that is not applied. A rehearsal leaves no build behind.
    ///
    /// The workspace keeps its parameters as far as the version has them; others get the values of the version's preset
    /// of the same name, and their defaults.
    ///
    /// Throws ``StoreError`` of code `.notFound`, of `.invalid` for parameters that the version does not take, and of
    /// `.conflict` when it is a prebuild, is being built or deleted, is up to date, or cannot be rehearsed.
    package func update(
        _ request: WorkspaceRequest,
        giving parameters: [String: String],
        rehearsing isRehearsal: Bool
    ) async throws -> WorkspaceUpdate {
        let (id, job) = try await pool.withTransaction("workspaces.update") { transaction in
            let present = try await Self.present(request, on: transaction)
            try present.checkIdle()
            guard let version = present.activeVersionID else {
                throw StoreError(.conflict, "The template of '\(present.name)' has no active version")
            }
            guard version != present.versionID else {
                throw StoreError(
                    .conflict,
                    "'\(present.name)' is built with the active version already",
                    remedy: "Restart it with 'stoker workspaces restart'."
                )
            }
            let values = try await Self.values(of: present.id, for: version, giving: parameters, on: transaction)
            let update = Self.updating(present.id, to: version, values, by: request.by, rehearsing: isRehearsal)
            let row = try await transaction.execute(update).only()
            let job: JobID = try row["job_id"]
            if isRehearsal {
                guard try row["can_rehearse"] else { throw StoreError.noRehearsal(of: present.name) }
                _ = try await transaction.execute(Self.rehearsal(of: present.id, to: version, job))
            }
            return (present.id, job)
        }
        var update = try await workspaceUpdate(of: id)
        update.jobID = job
        return update
    }

    /// What the rehearsal that is being ended has found; nothing for other builds.
    static func rehearsed(_ job: HeldJob, _ completion: BuildCompletion) throws -> [Statement] {
        guard completion.isRehearsal, completion.result == .succeeded else { return [] }
        let found = String(decoding: try JSONEncoder().encode(completion.outcome.replacements), as: UTF8.self)
        return [
            Statement(
                "completion.rehearsed",
                "UPDATE workspace_rehearsals SET replacements = \(PostgresJSON(found)) WHERE job_id = \(job.id)"
            )
        ]
    }
}

// MARK: - Statements

extension Store {
    /// Whether the provisioner of the template `t` plans before it changes anything.
    private static let canRehearse: SQL = "t.provisioner = 'terraform'"

    private func workspaceUpdate(of id: WorkspaceID) async throws -> WorkspaceUpdate {
        let rows = try await pool.execute(
            "workspaces.show_update",
            """
            SELECT w.id, w.name::text AS name, v.name AS version, coalesce(a.name, '') AS active,
                b.template_version_id = a.id AS is_current, \(sql: Self.canRehearse) AS can_rehearse,
                r.job_id, coalesce(j.job_status::text, 'unknown') AS status, coalesce(j.error, '') AS error,
                r.created_at, r.replacements::text AS replacements
            FROM workspaces w
            JOIN templates t ON t.id = w.template_id
            -- Not the build of a rehearsal that is in progress.
            JOIN LATERAL (
                SELECT l.template_version_id FROM workspace_builds l
                WHERE l.workspace_id = w.id AND NOT EXISTS (
                    SELECT FROM workspace_rehearsals x WHERE x.workspace_id = w.id AND x.job_id = l.job_id
                )
                ORDER BY l.build_number DESC LIMIT 1
            ) b ON true
            JOIN template_versions v ON v.id = b.template_version_id
            LEFT JOIN template_versions a ON a.id = t.active_version_id
            LEFT JOIN workspace_rehearsals r ON r.workspace_id = w.id AND r.template_version_id = a.id
            LEFT JOIN provisioner_jobs j ON j.id = r.job_id
            WHERE w.id = \(id)
            """
        )
        guard let row = rows.first else { throw StoreError.noWorkspace("\(id)") }
        var rehearsal: WorkspaceUpdate.Rehearsal?
        if let job = try row["job_id"] as JobID? {
            let replacements = try (row["replacements"] as String?).map {
                try JSONDecoder().decode([Replacement].self, from: Data($0.utf8))
            }
            rehearsal = WorkspaceUpdate.Rehearsal(
                jobID: job,
                status: try row["status"],
                error: try row["error"],
                createdAt: try row["created_at"],
                replacements: replacements
            )
        }
        return WorkspaceUpdate(
            workspaceID: try row["id"],
            workspaceName: try row["name"],
            versionName: try row["version"],
            activeVersionName: try row["active"],
            isCurrent: try (row["is_current"] as Bool?) ?? false,
            canRehearse: try row["can_rehearse"],
            rehearsal: rehearsal
        )
    }

    private static func updating(
        _ workspace: WorkspaceID,
        to version: TemplateVersionID,
        _ values: [String: String],
        by initiator: UserID?,
        rehearsing isRehearsal: Bool
    ) -> Statement {
        var builds = NewBuilds(
            rows: "target",
            transition: .start,
            reason: .initiator,
            initiator: "n.initiator_id",
            jobClass: .interactive
        )
        if isRehearsal { builds.input = #"'{"rehearsal": true}'::jsonb"# }
        let values = values.sorted { $0.key < $1.key }
        let parameters: SQL =
            "SELECT x.name, x.value FROM unnest(\(values.map(\.key)), \(values.map(\.value))) x(name, value)"
        return Statement(
            "workspaces.build_update",
            """
            WITH target AS MATERIALIZED (
                SELECT w.id AS workspace_id, w.organization_id, w.template_id, b.build_number + 1 AS build_number,
                    \(version) AS version_id, \(sql: presetOfSameName(as: "b.template_version_preset_id", in: version)) AS preset_id,
                    coalesce(\(initiator), w.owner_id) AS initiator_id,
                    gen_random_uuid() AS build_id, gen_random_uuid() AS job_id
                FROM workspaces w CROSS JOIN LATERAL \(sql: .latestBuild()) b
                WHERE w.id = \(workspace)
            ), used AS (
                UPDATE workspaces w SET last_used_at = now(), updated_at = now(),
                    dormant_at = CASE WHEN \(isRehearsal) THEN w.dormant_at END
                FROM target WHERE w.id = target.workspace_id
            ), \(sql: builds.terms), \(sql: builds.parameters(parameters))
            SELECT job_id, \(sql: canRehearse) AS can_rehearse, \(sql: News.column(News.jobs(of: "new_jobs")))
            FROM target JOIN templates t ON t.id = target.template_id
            """
        )
    }

    private static func rehearsal(of workspace: WorkspaceID, to version: TemplateVersionID, _ job: JobID) -> Statement {
        Statement(
            "workspaces.rehearse",
            """
            INSERT INTO workspace_rehearsals (workspace_id, job_id, template_version_id)
            VALUES (\(workspace), \(job), \(version))
            ON CONFLICT (workspace_id) DO UPDATE SET job_id = excluded.job_id, replacements = NULL, created_at = now(),
                template_version_id = excluded.template_version_id
            """
        )
    }

    /// The id of the version's preset that is called as another one; NULL if there is none.
    private static func presetOfSameName(as preset: SQL, in version: TemplateVersionID) -> SQL {
        """
        (SELECT n.id FROM template_version_presets p JOIN template_version_presets n ON n.name = p.name
            WHERE p.id = \(sql: preset) AND n.template_version_id = \(version))
        """
    }
}

// MARK: - Values

extension Store {
    /// The parameters of a workspace's build with another version.
    private static func values(
        of workspace: WorkspaceID,
        for version: TemplateVersionID,
        giving given: [String: String],
        on transaction: PostgresTransaction
    ) async throws -> [String: String] {
        let declared = try SnapshotQuery.readParameters(
            await transaction.execute(
                SnapshotQuery.parameters("FROM template_version_parameters p WHERE p.template_version_id = \(version)")
            )
        ).of(version)
        let names = declared.map(\.name)
        if let unknown = given.keys.sorted().first(where: { !names.contains($0) }) {
            throw StoreError(.invalid, "The active version has no parameter '\(unknown)'")
        }
        let known = try await transaction.execute(
            "workspaces.values",
            """
            SELECT d.name, d.mutable, l.value AS last, coalesce(g.value, CASE WHEN NOT d.required THEN d.default_value END) AS usual
            FROM template_version_parameters d
            CROSS JOIN LATERAL (
                SELECT * FROM workspace_builds x WHERE x.workspace_id = \(workspace) ORDER BY x.build_number DESC LIMIT 1
            ) b
            LEFT JOIN workspace_build_parameters l ON l.workspace_build_id = b.id AND l.name = d.name
            LEFT JOIN template_version_preset_parameters g ON g.name = d.name AND g.template_version_preset_id = \(sql:
                presetOfSameName(as: "b.template_version_preset_id", in: version))
            WHERE d.template_version_id = \(version)
            """
        )
        var values: [String: String] = [:]
        for row in known {
            let (name, last, usual): (String, String?, String?) = try (row["name"], row["last"], row["usual"])
            guard let parameter = declared.first(where: { $0.name == name }) else { continue }
            let type = ParameterType(parameter.type)
            if let wanted = given[name], let last, try !row["mutable"], !type.areEqual(wanted, last) {
                throw StoreError(.invalid, "Parameter '\(name)' cannot change after the first build")
            }
            guard let value = given[name] ?? last ?? usual else {
                throw StoreError(
                    .invalid,
                    "Parameter '\(name)' of the active version needs a value",
                    remedy: "Give one with --param."
                )
            }
            if let problem = parameter.problem(of: value) {
                throw StoreError(.invalid, "The \(problem)", remedy: "Give another value with --param.")
            }
            values[name] = type.canonical(value) ?? value
        }
        return values
    }
}

extension StoreError {
    fileprivate static func noRehearsal(of workspace: String) -> Self {
        Self(
            .conflict,
            "The provisioner of '\(workspace)' cannot say what an update would replace before it makes it",
            remedy: "Update with 'yes' to go on nevertheless."
        )
    }
}
