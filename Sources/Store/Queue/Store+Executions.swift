// SPDX-License-Identifier: Apache-2.0

package import Domain
import FoundationEssentials
import PostgresClient

/// The reads and writes of an execution while it holds its job.
extension Store {
    /// The row of the job while this execution holds it, locked against being taken away.
    static func fence(_ job: HeldJob) -> SQL {
        "SELECT id, attempt FROM provisioner_jobs j WHERE \(sql: .isHeld("j", by: job)) FOR SHARE"
    }

    /// The input of a build job. Throws ``StoreError`` of code `.leaseLost` when the execution has lost the job.
    package func buildContext(of job: HeldJob) async throws -> BuildContext {
        let rows = try await pool.execute(
            "executions.build",
            within: .seconds(10),
            """
            SELECT b.id AS build_id, b.build_number, b.transition::text AS transition, b.reason::text AS reason,
                w.id AS workspace_id, w.name AS workspace, w.owner_id, coalesce(u.username, '') AS owner,
                coalesce(u.email, '') AS email, coalesce(u.name, '') AS owner_name,
                coalesce(u.rbac_roles, '{}') AS owner_roles, t.id::text AS template_id, o.name AS organization, t.name AS template,
                v.name AS version, p.name AS preset, f.id AS file_id, f.hash AS file_hash,
                ARRAY(SELECT x.name FROM workspace_build_parameters x WHERE x.workspace_build_id = b.id ORDER BY x.name)
                    AS names,
                ARRAY(SELECT x.value FROM workspace_build_parameters x WHERE x.workspace_build_id = b.id ORDER BY x.name)
                    AS values,
                ARRAY(SELECT coalesce(d.type, 'string') FROM workspace_build_parameters x
                    LEFT JOIN template_version_parameters d ON d.template_version_id = v.id AND d.name = x.name
                    WHERE x.workspace_build_id = b.id ORDER BY x.name) AS types,
                ARRAY(SELECT x.name FROM template_version_parameters x
                    WHERE x.template_version_id = v.id AND x.sensitive) AS sensitive,
                ARRAY(SELECT x.name FROM template_version_parameters x
                    WHERE x.template_version_id = v.id AND x.source = 'coder') AS coder_parameters,
                ARRAY(SELECT (
                        SELECT y.value FROM workspace_build_parameters y
                        JOIN workspace_builds q ON q.id = y.workspace_build_id
                        WHERE q.workspace_id = w.id AND q.build_number = b.build_number - 1 AND y.name = x.name
                    )
                    FROM workspace_build_parameters x WHERE x.workspace_build_id = b.id ORDER BY x.name) AS previous,
                (SELECT s.provisioner_state FROM workspace_builds s
                    WHERE s.workspace_id = w.id AND s.build_number <= b.build_number
                        AND s.provisioner_state IS NOT NULL
                    ORDER BY s.build_number DESC LIMIT 1) AS state,
                EXISTS (SELECT FROM late_states l WHERE l.workspace_id = w.id) AS has_late_states,
                ARRAY(SELECT a.name FROM template_version_agents a WHERE a.template_version_id = v.id ORDER BY a.name)
                    AS agents,
                \(sql: Self.sealedOutputs(ofWorkspace: "w.id")) AS sealed_outputs,
                j.input->>'replaced' AS replaced, j.input->>'then' AS next, j.input ? 'rehearsal' AS is_rehearsal,
                \(sql: Self.lacksRehearsal) AS lacks_rehearsal
            FROM provisioner_jobs j
            JOIN workspace_builds b ON b.job_id = j.id
            JOIN workspaces w ON w.id = b.workspace_id
            JOIN organizations o ON o.id = w.organization_id
            JOIN template_versions v ON v.id = b.template_version_id
            JOIN templates t ON t.id = w.template_id
            LEFT JOIN users u ON u.id = w.owner_id
            LEFT JOIN template_version_presets p ON p.id = b.template_version_preset_id
            LEFT JOIN files f ON f.id = coalesce(j.file_id, v.file_id)
            WHERE \(sql: .isHeld("j", by: job))
            """
        )
        guard let row = rows.first else { throw StoreError.leaseLost(job.id) }
        let build = try WorkspaceBuild(row)
        let replaced = try row["replaced"] as String?
        return BuildContext(
            build: build,
            file: try StoredFile(row),
            state: try row["state"],
            lateStates: try row["has_late_states"] ? try await lateStates(of: build.workspace.id) : [],
            agents: try row["agents"],
            replaced: try replaced.map { try JSONDecoder().decode([Replacement].self, from: Data($0.utf8)) } ?? [],
            sealedOutputs: try row["sealed_outputs"],
            next: (try row["next"] as String?).flatMap(Transition.init(rawValue:)),
            isRehearsal: try row["is_rehearsal"],
            lacksRehearsal: try row["lacks_rehearsal"]
        )
    }

    /// Stores planned replacements, so that they are reported whichever execution ends the build.
    ///
    /// Fenced: returns false, and changes nothing, when the execution has lost the job.
    package func note(_ replacements: [Replacement], of job: HeldJob) async throws -> Bool {
        let json = PostgresJSON(String(decoding: try JSONEncoder().encode(replacements), as: UTF8.self))
        let rows = try await pool.execute(
            "executions.note_replacements",
            within: .seconds(10),
            """
            UPDATE provisioner_jobs j
            SET input = jsonb_set(input, '{replaced}', coalesce(input->'replaced', '[]') || \(json)), updated_at = now()
            WHERE \(sql: .isHeld("j", by: job))
            RETURNING id
            """
        )
        return !rows.isEmpty
    }

    /// The input of an import job. Throws ``StoreError`` of code `.leaseLost` when the execution has lost the job.
    package func importContext(of job: HeldJob) async throws -> ImportContext {
        let rows = try await pool.execute(
            "executions.import",
            within: .seconds(10),
            """
            SELECT v.id, v.name, coalesce(t.name, j.input->>'template_name', '') AS template, o.name AS organization,
                f.id AS file_id, f.hash AS file_hash, coalesce((j.input->>'activate')::boolean, true) AS activates
            FROM provisioner_jobs j
            JOIN template_versions v ON v.job_id = j.id
            JOIN organizations o ON o.id = v.organization_id
            LEFT JOIN templates t ON t.id = v.template_id
            LEFT JOIN files f ON f.id = coalesce(j.file_id, v.file_id)
            WHERE \(sql: .isHeld("j", by: job))
            """
        )
        guard let row = rows.first else { throw StoreError.leaseLost(job.id) }
        return ImportContext(
            versionID: try row["id"],
            versionName: try row["name"],
            templateName: try row["template"],
            organization: try row["organization"],
            file: try StoredFile(row),
            activates: try row["activates"]
        )
    }

    /// The bytes of an uploaded archive.
    package func fileData(_ id: FileID) async throws -> [UInt8] {
        let rows = try await pool.execute("files.read", within: .seconds(60), "SELECT data FROM files WHERE id = \(id)")
        guard let row = rows.first else { throw StoreError.notFound("file", "\(id)") }
        return try row.decode([UInt8].self)
    }

    /// Stores the newest state of a running build.
    ///
    /// Fenced: returns false, and changes nothing, when the execution has lost the job.
    package func checkpoint(_ state: [UInt8], of job: HeldJob) async throws -> Bool {
        let rows = try await pool.execute(
            "executions.checkpoint",
            within: .seconds(30),
            """
            WITH fence AS MATERIALIZED (\(sql: Self.fence(job)))
            UPDATE workspace_builds b SET provisioner_state = \(state), updated_at = now()
            FROM fence WHERE b.job_id = fence.id
            RETURNING b.id
            """
        )
        return !rows.isEmpty
    }

    /// Appends lines to a job's log. Fenced: returns false, and changes nothing, when the execution has lost the job.
    package func appendLogs(_ lines: [LogLine], of job: HeldJob) async throws -> Bool {
        let rows = try await pool.execute(
            "executions.log",
            within: .seconds(30),
            """
            WITH fence AS MATERIALIZED (\(sql: Self.fence(job))), written AS (
                INSERT INTO provisioner_job_logs (job_id, attempt, source, level, stage, output, created_at)
                SELECT fence.id, fence.attempt, l.source, l.level::log_level, l.stage, l.output, now()
                FROM fence, unnest(
                    \(lines.map(\.source.rawValue)), \(lines.map(\.level.rawValue)), \(lines.map(\.stage)), \(lines.map(\.output))
                ) WITH ORDINALITY l(source, level, stage, output, position)
                ORDER BY l.position
            )
            SELECT \(sql: News.column(News.on(Channel.logs, "fence.id"))) FROM fence
            """
        )
        return !rows.isEmpty
    }
}

extension WorkspaceBuild {
    /// Throws ``StoreError`` of code `.inconsistent` for a transition of another release.
    fileprivate init(_ row: Row) throws {
        let transition: Transition = try row.label("transition")
        let owner: UserID = try row["owner_id"]
        let sensitive: [String] = try row["sensitive"]
        let coder: [String] = try row["coder_parameters"]
        let previous: [String?] = try row["previous"]
        let (names, values, types): ([String], [String], [String]) = try (row["names"], row["values"], row["types"])
        self.init(
            id: try row["build_id"],
            number: try row["build_number"],
            transition: transition,
            stage: BuildStage(
                of: transition,
                because: try row["reason"],
                isPrebuild: owner == prebuildsUserID
            ),
            workspace: Workspace(id: try row["workspace_id"], name: try row["workspace"]),
            owner: Owner(
                id: owner,
                username: try row["owner"],
                email: try row["email"],
                name: try row["owner_name"],
                roles: try row["owner_roles"]
            ),
            organization: try row["organization"],
            template: Template(
                name: try row["template"],
                versionName: try row["version"],
                id: try row["template_id"]
            ),
            preset: try row["preset"],
            parameters: names.indices.map {
                BuildParameter(
                    name: names[$0],
                    value: values[$0],
                    type: types[$0],
                    sensitive: sensitive.contains(names[$0]),
                    isCoder: coder.contains(names[$0]),
                    previous: previous[$0]
                )
            }
        )
    }
}

extension StoredFile {
    /// `nil` if the job has none.
    fileprivate init?(_ row: Row) throws {
        guard let id = try row["file_id"] as FileID? else { return nil }
        self.init(id: id, hash: try row["file_hash"])
    }
}
