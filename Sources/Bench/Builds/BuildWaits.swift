// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Store
import Time

/// What a measurement of builds waits for. Only for a database that holds nothing else.
extension Store {
    /// Waits until so many prebuilds of a template can be claimed; returns since when the first of them can.
    ///
    /// - Parameter isDefault: Whether only those of the default preset count.
    func ready(_ count: Int, of template: String, isDefault: Bool = true) async throws -> Instant {
        try await first("a full pool of \(template)") { store in
            try await store.requireNoFailure()
            let row = try await store.bench(
                """
                SELECT count(*), min(greatest(j.completed_at, agents.ready_at))
                FROM templates t
                JOIN workspaces w ON w.template_id = t.id AND w.owner_id = \(prebuildsUserID) AND NOT w.deleted
                JOIN workspace_builds b ON b.workspace_id = w.id AND b.transition = 'start'
                JOIN provisioner_jobs j ON j.id = b.job_id AND j.job_status = 'succeeded'
                JOIN template_version_presets p ON p.id = b.template_version_preset_id
                CROSS JOIN LATERAL (
                    SELECT max(a.ready_at) AS ready_at, count(*) FILTER (WHERE a.ready_at IS NULL) AS missing
                    FROM workspace_resources r JOIN workspace_agents a ON a.resource_id = r.id AND NOT a.deleted
                    WHERE r.job_id = j.id
                ) agents
                WHERE t.name = \(template) AND agents.missing = 0 AND (p.is_default OR NOT \(isDefault))
                """
            ).only()
            let (ready, since) = try row.decode(Int.self, Instant?.self)
            return ready >= count ? since : nil
        }
    }

    /// Waits for the end of a job; returns when it was claimed and when it ended.
    func end(of job: JobID) async throws -> (started: Instant, completed: Instant) {
        try await first("the end of a build") { store in
            try await store.requireNoFailure()
            return try await store.bench(
                """
                SELECT started_at, completed_at FROM provisioner_jobs
                WHERE id = \(job) AND started_at IS NOT NULL AND completed_at IS NOT NULL
                """
            ).first?.decode(Instant.self, Instant.self)
        }
    }

    /// When a job of the run was claimed; `nil` while it waits or runs.
    func firstStart(of bench: BenchJobs) async throws -> Instant? {
        try await self.bench(
            "SELECT started_at FROM provisioner_jobs WHERE tags = \(bench.json) AND completed_at IS NOT NULL LIMIT 1"
        ).first?.decode(Instant.self)
    }

    /// Lets a template's default preset have so many prebuilds, and no other preset.
    func resize(_ template: String, to count: Int) async throws {
        try await bench(
            """
            UPDATE template_version_presets p SET desired_instances = CASE WHEN p.is_default THEN \(count) ELSE 0 END
            FROM templates t WHERE t.name = \(template) AND p.template_version_id = t.active_version_id
            """
        )
    }

    private func requireNoFailure() async throws {
        let failed = try await bench("SELECT type::text, error FROM provisioner_jobs WHERE error <> '' LIMIT 1").first
        guard let (type, error) = try failed?.decode(String.self, String.self) else { return }
        throw BenchError("a job failed: \(type): \(error)")
    }
}
