// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// Facts about a pool for whose next prebuild a claim waits, besides its plan.
package struct RefillFacts: Hashable, Sendable {
    package var presetID: PresetID
    package var templateName: String
    package var presetName: String
    /// Waiting claims.
    package var claimsWaiting: Int
    /// The next of its pending start jobs.
    package var pendingJob: JobID?
    /// How many of its start jobs are running.
    package var running: Int
    /// The progress of the one that was begun first: the last line of its log.
    package var stage: String
}

extension Store {
    /// Throws ``StoreError`` of code `.notFound` when the template has no such preset.
    ///
    /// - Parameter preset: `nil`: the default preset, or the only one, as a claim takes it.
    package func refillFacts(ofTemplate template: String, preset: String?) async throws -> RefillFacts {
        let rows = try await pool.execute(
            "pools.refill",
            within: .seconds(5),
            """
            WITH chosen AS (
                SELECT p.id, p.name, t.name AS template, count(*) OVER () AS choices, p.is_default
                FROM templates t JOIN template_version_presets p ON p.template_version_id = t.active_version_id
                WHERE t.id = (\(sql: .templateID(named: template))) AND (\(preset) IS NULL OR p.name = \(preset))
            ), preset AS (
                SELECT id, name, template FROM chosen WHERE choices = 1 OR is_default ORDER BY is_default DESC LIMIT 1
            ), starting AS MATERIALIZED (
                SELECT j.id, j.job_status, j.claim_order, j.started_at
                FROM preset
                JOIN workspace_builds b ON b.template_version_preset_id = preset.id
                    AND b.transition = 'start' AND b.build_number = 1 AND b.created_at > now() - interval '7 days'
                JOIN workspaces w ON w.id = b.workspace_id AND \(sql: .isPrebuild())
                JOIN provisioner_jobs j ON j.id = b.job_id AND j.completed_at IS NULL
            )
            SELECT preset.id, preset.template, preset.name,
                (
                    SELECT count(*) FROM workspace_claim_waiters q
                    WHERE q.preset_id = preset.id AND q.lease_expires_at > now()
                ) AS waiting,
                (SELECT id FROM starting WHERE job_status = 'pending' ORDER BY claim_order, id LIMIT 1) AS pending,
                (SELECT count(*) FROM starting WHERE job_status = 'running') AS running,
                coalesce((
                    SELECT l.stage FROM provisioner_job_logs l
                    WHERE l.job_id = (SELECT id FROM starting WHERE job_status = 'running' ORDER BY started_at, id LIMIT 1)
                    ORDER BY l.id DESC LIMIT 1
                ), '') AS stage
            FROM preset
            """
        )
        guard let row = rows.first else {
            throw StoreError.notFound(
                "preset",
                preset.map { "\(template)/\($0)" } ?? template,
                remedy: "See 'stoker presets list'."
            )
        }
        return RefillFacts(
            presetID: try row["id"],
            templateName: try row["template"],
            presetName: try row["name"],
            claimsWaiting: try row["waiting"],
            pendingJob: try row["pending"],
            running: try row["running"],
            stage: try row["stage"]
        )
    }
}
