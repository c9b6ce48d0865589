// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// A job as lists show it.
package struct JobSummary: Hashable, Sendable, Codable {
    package var id: JobID
    package var type: JobType
    package var status: String
    package var jobClass: String
    package var provisioner: String
    package var templateName: String
    package var workspaceName: String
    package var transition: String
    package var workerName: String
    package var attempt: Int
    package var error: String
    package var errorCode: String
    package var createdAt: Instant
    package var startedAt: Instant?
    package var completedAt: Instant?

    private enum CodingKeys: String, CodingKey {
        case id, type, status, provisioner, transition, attempt, error
        case jobClass = "class"
        case templateName = "template_name"
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
    package var source: String
    package var level: String
    package var stage: String
    package var output: String
}

extension Store {
    /// The newest jobs, newest first; of one status, when given.
    ///
    /// - Parameter mark: The end of the previous page.
    package func jobs(
        status: String? = nil,
        visibleTo audience: Audience = .everything,
        after mark: PageMark<Kind.Job>? = nil,
        limit: Int = 50
    ) async throws -> [JobSummary] {
        try await summaries(
            """
            WHERE (\(status) IS NULL OR j.job_status::text = \(status)) AND \(sql: audience.seesJob)
                AND (\(mark?.id)::uuid IS NULL OR (j.created_at, j.id) < (\(mark?.createdAt), \(mark?.id)))
            ORDER BY j.created_at DESC, j.id DESC LIMIT \(limit)
            """
        )
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
            Statement(
                "jobs.list",
                """
                SELECT j.id, j.type::text, j.job_status::text, j.priority, j.provisioner::text,
                    coalesce(t.name, j.input->>'template_name', ''), coalesce(w.name, ''), coalesce(b.transition::text, ''),
                    coalesce(k.name, ''), j.attempt, coalesce(j.error, ''), coalesce(j.error_code, ''),
                    j.created_at, j.started_at, j.completed_at
                FROM provisioner_jobs j
                LEFT JOIN workspace_builds b ON b.job_id = j.id
                LEFT JOIN workspaces w ON w.id = b.workspace_id
                LEFT JOIN template_versions v ON v.job_id = j.id
                LEFT JOIN templates t ON t.id = coalesce(w.template_id, v.template_id)
                LEFT JOIN workers k ON k.id = j.worker_id
                \(sql: selection)
                """
            )
        )
        return try rows.map { row in
            let (
                id, type, status, priority, provisioner, template, workspace, transition, worker, attempt, error, code,
                created, started, completed
            ) = try row.decode(
                JobID.self,
                String.self,
                String.self,
                Int16.self,
                String.self,
                String.self,
                String.self,
                String.self,
                String.self,
                Int.self,
                String.self,
                String.self,
                Instant.self,
                Instant?.self,
                Instant?.self
            )
            return JobSummary(
                id: id,
                type: JobType(rawValue: type) ?? .workspaceBuild,
                status: status,
                jobClass: (JobClass(rawValue: priority) ?? .interactive).name,
                provisioner: provisioner,
                templateName: template,
                workspaceName: workspace,
                transition: transition,
                workerName: worker,
                attempt: attempt,
                error: error,
                errorCode: code,
                createdAt: created,
                startedAt: started,
                completedAt: completed
            )
        }
    }

    /// Up to `limit` lines of a job's log after the line `after`, in order.
    package func jobLogs(of job: JobID, after line: Int64 = 0, limit: Int = 1000) async throws -> [StoredLogLine] {
        let rows = try await pool.execute(
            Statement(
                "jobs.logs",
                """
                SELECT id, attempt, created_at, source, level::text, stage, output FROM provisioner_job_logs
                WHERE job_id = \(job) AND id > \(line) ORDER BY id LIMIT \(limit)
                """
            )
        )
        return try rows.map { row in
            let (id, attempt, at, source, level, stage, output) = try row.decode(
                Int64.self,
                Int.self,
                Instant.self,
                String.self,
                String.self,
                String.self,
                String.self
            )
            return StoredLogLine(
                id: id,
                attempt: attempt,
                at: at,
                source: source,
                level: level,
                stage: stage,
                output: output
            )
        }
    }
}
