// SPDX-License-Identifier: Apache-2.0

package import Domain
import FoundationEssentials
import PostgresClient

extension Store {
    /// What a build job is to build. Throws ``StoreError`` of code `.leaseLost` when the execution has lost the job.
    package func buildContext(of job: HeldJob) async throws -> BuildContext {
        let rows = try await pool.execute(
            Statement(
                "executions.build",
                within: .seconds(10),
                """
                SELECT b.id, b.build_number, b.transition::text, b.reason::text, w.id, w.name, w.owner_id,
                    coalesce(u.username, ''), coalesce(u.email, ''), o.id, o.name, t.id, t.name, v.id, v.name, p.name,
                    f.id, f.hash,
                    ARRAY(SELECT x.name FROM workspace_build_parameters x WHERE x.workspace_build_id = b.id ORDER BY x.name),
                    ARRAY(SELECT x.value FROM workspace_build_parameters x WHERE x.workspace_build_id = b.id ORDER BY x.name),
                    ARRAY(SELECT coalesce(d.type, 'string') FROM workspace_build_parameters x
                        LEFT JOIN template_version_parameters d ON d.template_version_id = v.id AND d.name = x.name
                        WHERE x.workspace_build_id = b.id ORDER BY x.name),
                    ARRAY(SELECT x.name FROM template_version_parameters x
                        WHERE x.template_version_id = v.id AND x.sensitive),
                    (SELECT s.provisioner_state FROM workspace_builds s
                        WHERE s.workspace_id = w.id AND s.build_number <= b.build_number
                            AND s.provisioner_state IS NOT NULL
                        ORDER BY s.build_number DESC LIMIT 1),
                    ARRAY(SELECT l.job_id FROM late_states l WHERE l.workspace_id = w.id ORDER BY l.received_at, l.claim_epoch),
                    ARRAY(SELECT a.name FROM template_version_agents a WHERE a.template_version_id = v.id ORDER BY a.name),
                    j.input->>'replaced'
                FROM provisioner_jobs j
                JOIN workspace_builds b ON b.job_id = j.id
                JOIN workspaces w ON w.id = b.workspace_id
                JOIN organizations o ON o.id = w.organization_id
                JOIN template_versions v ON v.id = b.template_version_id
                JOIN templates t ON t.id = w.template_id
                LEFT JOIN users u ON u.id = w.owner_id
                LEFT JOIN template_version_presets p ON p.id = b.template_version_preset_id
                LEFT JOIN files f ON f.id = coalesce(j.file_id, v.file_id)
                WHERE j.id = \(job.id) AND j.claim_epoch = \(job.epoch) AND j.completed_at IS NULL
                """
            )
        )
        guard let row = rows.first else { throw StoreError.leaseLost(job.id) }
        let (
            buildID, number, transition, reason, workspaceID, workspaceName, ownerID, ownerName, ownerEmail,
            organizationID, organizationName, templateID, templateName, versionID, versionName, presetName,
            fileID, fileHash, names, values, types, sensitive, state, late, agents, replaced
        ) = try row.decode(
            BuildID.self,
            Int.self,
            String.self,
            String.self,
            WorkspaceID.self,
            String.self,
            UserID.self,
            String.self,
            String.self,
            OrganizationID.self,
            String.self,
            TemplateID.self,
            String.self,
            TemplateVersionID.self,
            String.self,
            String?.self,
            FileID?.self,
            String?.self,
            [String].self,
            [String].self,
            [String].self,
            [String].self,
            [UInt8]?.self,
            [JobID].self,
            [String].self,
            String?.self
        )
        guard let transition = WorkspaceTransition(rawValue: transition) else {
            throw StoreError.internalInconsistency("transition '\(transition)'")
        }
        return BuildContext(
            buildID: buildID,
            buildNumber: number,
            transition: transition,
            reason: reason,
            workspaceID: workspaceID,
            workspaceName: workspaceName,
            ownerID: ownerID,
            ownerName: ownerName,
            ownerEmail: ownerEmail,
            organizationID: organizationID,
            organizationName: organizationName,
            templateID: templateID,
            templateName: templateName,
            versionID: versionID,
            versionName: versionName,
            presetName: presetName,
            fileID: fileID,
            fileHash: fileHash,
            parameters: names.indices.map {
                BuildContext.Parameter(
                    name: names[$0],
                    value: values[$0],
                    type: types[$0],
                    isSensitive: sensitive.contains(names[$0])
                )
            },
            state: state,
            lateStates: late.isEmpty ? [] : try await lateStates(of: workspaceID),
            agents: agents,
            replaced: try replaced.map {
                try JSONDecoder().decode([BuildCompletion.Replacement].self, from: Data($0.utf8))
            } ?? []
        )
    }

    /// Notes what a build is about to replace, so that it is told whichever execution ends the build.
    ///
    /// Fenced: returns false, and changes nothing, when the execution has lost the job.
    package func note(_ replacements: [BuildCompletion.Replacement], of job: HeldJob) async throws -> Bool {
        let json = PostgresJSON(String(decoding: try JSONEncoder().encode(replacements), as: UTF8.self))
        let rows = try await pool.execute(
            Statement(
                "executions.note_replacements",
                within: .seconds(10),
                """
                UPDATE provisioner_jobs
                SET input = jsonb_set(input, '{replaced}', coalesce(input->'replaced', '[]') || \(json)), updated_at = now()
                WHERE id = \(job.id) AND claim_epoch = \(job.epoch) AND completed_at IS NULL
                RETURNING id
                """
            )
        )
        return !rows.isEmpty
    }

    /// What an import job is to import. Throws ``StoreError`` of code `.leaseLost` when the execution has lost the job.
    package func importContext(of job: HeldJob) async throws -> ImportContext {
        let rows = try await pool.execute(
            Statement(
                "executions.import",
                within: .seconds(10),
                """
                SELECT v.id, v.name, coalesce(t.name, j.input->>'template_name', ''), o.id, o.name, f.id, f.hash,
                    coalesce((j.input->>'activate')::boolean, true)
                FROM provisioner_jobs j
                JOIN template_versions v ON v.job_id = j.id
                JOIN organizations o ON o.id = v.organization_id
                LEFT JOIN templates t ON t.id = v.template_id
                LEFT JOIN files f ON f.id = coalesce(j.file_id, v.file_id)
                WHERE j.id = \(job.id) AND j.claim_epoch = \(job.epoch) AND j.completed_at IS NULL
                """
            )
        )
        guard let row = rows.first else { throw StoreError.leaseLost(job.id) }
        let (versionID, versionName, templateName, organizationID, organizationName, fileID, fileHash, activates) =
            try row.decode(
                TemplateVersionID.self,
                String.self,
                String.self,
                OrganizationID.self,
                String.self,
                FileID?.self,
                String?.self,
                Bool.self
            )
        return ImportContext(
            versionID: versionID,
            versionName: versionName,
            templateName: templateName,
            organizationID: organizationID,
            organizationName: organizationName,
            fileID: fileID,
            fileHash: fileHash,
            activates: activates
        )
    }

    /// The bytes of an uploaded archive.
    package func fileData(_ id: FileID) async throws -> [UInt8] {
        let rows = try await pool.execute(
            Statement("files.read", within: .seconds(60), "SELECT data FROM files WHERE id = \(id)")
        )
        guard let row = rows.first else { throw StoreError.notFound("file", "\(id)") }
        return try row.decode([UInt8].self)
    }

    /// Stores the newest state of a running build.
    ///
    /// Fenced: returns false, and changes nothing, when the execution has lost the job.
    package func checkpoint(_ state: [UInt8], of job: HeldJob) async throws -> Bool {
        let rows = try await pool.execute(
            Statement(
                "executions.checkpoint",
                within: .seconds(30),
                """
                WITH fence AS MATERIALIZED (\(sql: Self.fence(job)))
                UPDATE workspace_builds b SET provisioner_state = \(state), updated_at = now()
                FROM fence WHERE b.job_id = fence.id
                RETURNING b.id
                """
            )
        )
        return !rows.isEmpty
    }

    /// Appends lines to a job's log. Fenced: returns false, and changes nothing, when the execution has lost the job.
    package func appendLogs(_ lines: [JobLogLine], of job: HeldJob) async throws -> Bool {
        let rows = try await pool.execute(
            Statement(
                "executions.log",
                within: .seconds(30),
                """
                WITH fence AS MATERIALIZED (\(sql: Self.fence(job))), written AS (
                    INSERT INTO provisioner_job_logs (job_id, attempt, source, level, stage, output, created_at)
                    SELECT fence.id, fence.attempt, l.source, l.level::log_level, l.stage, l.output, now()
                    FROM fence, unnest(
                        \(lines.map(\.source)), \(lines.map(\.level)), \(lines.map(\.stage)), \(lines.map(\.output))
                    ) WITH ORDINALITY l(source, level, stage, output, position)
                    ORDER BY l.position
                )
                SELECT \(sql: News.column(News.on(Channel.logs, "fence.id"))) FROM fence
                """
            )
        )
        return !rows.isEmpty
    }

    /// The row of the job while this execution holds it, locked against whoever would take it away.
    static func fence(_ job: HeldJob) -> SQL {
        """
        SELECT id, attempt FROM provisioner_jobs
        WHERE id = \(job.id) AND claim_epoch = \(job.epoch) AND completed_at IS NULL FOR SHARE
        """
    }
}

/// A line of a job's log.
package struct JobLogLine: Hashable, Sendable, Codable {
    /// `provisioner`, or `worker` for what Stoker itself has to say.
    package var source: String
    /// A label of the database's enum `log_level`.
    package var level: String
    package var stage: String
    package var output: String

    package init(source: String = "provisioner", level: String, stage: String, output: String) {
        self.source = source
        self.level = level
        self.stage = stage
        self.output = output
    }
}
