// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// A job as lists show it.
package struct JobSummary: Hashable, Sendable, Codable {
    package var id: JobID
    package var type: OpenEnum<JobType>
    package var status: OpenEnum<JobStatus>
    package var jobClass: OpenEnum<JobClass>
    package var provisioner: OpenEnum<ProvisionerType>
    package var templateName: String
    /// Empty if the job is not a workspace's build, or the workspace has no preset.
    package var presetName: String
    package var workspaceName: String
    /// Empty if the job is not a workspace's build.
    package var transition: OpenEnum<Transition>
    package var workerName: String
    /// The tags that its worker must have.
    package var tags: Tags
    package var attempt: Int
    package var error: String
    /// One of ``FailureCode`` or ``QueueEnd``; empty if there is none.
    package var errorCode: String
    package var createdAt: Instant
    package var startedAt: Instant?
    package var completedAt: Instant?

    /// Whether its status is known to be final.
    package var hasEnded: Bool { status.known?.hasEnded ?? false }

    private enum CodingKeys: String, CodingKey {
        case id, type, status, provisioner, transition, tags, attempt, error
        case jobClass = "class"
        case templateName = "template_name"
        case presetName = "preset_name"
        case workspaceName = "workspace_name"
        case workerName = "worker_name"
        case errorCode = "error_code"
        case createdAt = "created_at"
        case startedAt = "started_at"
        case completedAt = "completed_at"
    }
}

/// A line of a job's log as it is stored.
package struct StoredLogLine: Hashable, Sendable, Codable {
    /// It grows; reading continues after it.
    package var id: Int64
    package var attempt: Int
    package var at: Instant
    package var source: OpenEnum<LogSource>
    package var level: OpenEnum<LogLevel>
    package var stage: String
    package var output: String
}

extension Store {
    /// The newest jobs, newest first. Throws ``StoreError`` of code `.notFound` for a filter that names what does not exist.
    ///
    /// - Parameter mark: The end of the previous page.
    package func jobs(
        _ selection: JobSelection = JobSelection(),
        visibleTo audience: Audience = .everything,
        after mark: PageMark<Kind.Job>? = nil,
        limit: Int = 50
    ) async throws -> [JobSummary] {
        let jobs = try await summaries(
            """
            WHERE \(sql: selection.condition) AND \(sql: audience.seesJob)
                AND (\(mark?.id)::uuid IS NULL OR (j.created_at, j.id) < (\(mark?.createdAt), \(mark?.id)))
            ORDER BY j.created_at DESC, j.id DESC LIMIT \(limit)
            """
        )
        if jobs.isEmpty, mark == nil { try await requireNames(of: selection, visibleTo: audience) }
        return jobs
    }

    private func requireNames(of selection: JobSelection, visibleTo audience: Audience) async throws {
        try await requireTemplate(selection.template)
        try await requirePreset(selection.preset, of: selection.template)
        try await requireWorker(selection.worker)
        try await requireOwner(selection.owner, visibleTo: audience)
        try await requireWorkspace(selection.workspace, visibleTo: audience)
    }

    /// One job. Throws ``StoreError`` of code `.notFound`, also for a job that the audience may not see.
    package func job(_ id: JobID, visibleTo audience: Audience = .everything) async throws -> JobSummary {
        guard let job = try await summaries("WHERE j.id = \(id) AND \(sql: audience.seesJob)").first else {
            throw StoreError.notFound("job", "\(id)")
        }
        return job
    }

    private func summaries(_ selection: SQL) async throws -> [JobSummary] {
        let rows = try await pool.execute(
            "jobs.list",
            """
            SELECT j.id, j.type::text AS type, j.job_status::text AS status, j.priority,
                j.provisioner::text AS provisioner, coalesce(t.name, j.input->>'template_name', '') AS template,
                coalesce(p.name, '') AS preset, coalesce(w.name, '') AS workspace, coalesce(b.transition::text, '') AS transition,
                coalesce(k.name, '') AS worker, j.tags::text AS tags, j.attempt, coalesce(j.error, '') AS error,
                coalesce(j.error_code, '') AS error_code, j.created_at, j.started_at, j.completed_at
            FROM \(sql: JobSelection.tables)
            \(sql: selection)
            """
        )
        return try rows.map { row in
            JobSummary(
                id: try row["id"],
                type: try row["type"],
                status: try row["status"],
                jobClass: OpenEnum(try row["priority"]),
                provisioner: try row["provisioner"],
                templateName: try row["template"],
                presetName: try row["preset"],
                workspaceName: try row["workspace"],
                transition: try row["transition"],
                workerName: try row["worker"],
                tags: Tags(stored: try row["tags"]),
                attempt: try row["attempt"],
                error: try row["error"],
                errorCode: try row["error_code"],
                createdAt: try row["created_at"],
                startedAt: try row["started_at"],
                completedAt: try row["completed_at"]
            )
        }
    }

    /// Up to `limit` lines of a job's log after the line `after`, in order.
    package func jobLogs(of job: JobID, after line: Int64 = 0, limit: Int = 1000) async throws -> [StoredLogLine] {
        let rows = try await pool.execute(
            "jobs.logs",
            """
            SELECT id, attempt, created_at, source, level::text AS level, stage, output FROM provisioner_job_logs
            WHERE job_id = \(job) AND id > \(line) ORDER BY id LIMIT \(limit)
            """
        )
        return try rows.map { row in
            StoredLogLine(
                id: try row["id"],
                attempt: try row["attempt"],
                at: try row["created_at"],
                source: try row["source"],
                level: try row["level"],
                stage: try row["stage"],
                output: try row["output"]
            )
        }
    }
}
