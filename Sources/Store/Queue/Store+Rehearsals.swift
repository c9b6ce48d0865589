// SPDX-License-Identifier: Apache-2.0

package import Domain
import FoundationEssentials
import PostgresClient

extension Store {
    /// Whether this build of a prebuild shall rehearse a claim: the first of its version and preset, until one has done
    /// it.
    ///
    /// A build that failed, or whose worker is gone, leaves the rehearsal to the next one.
    package func takeRehearsal(_ job: HeldJob) async throws -> Bool {
        let rows = try await pool.execute(
            "executions.take_rehearsal",
            within: .seconds(10),
            """
            INSERT INTO template_version_rehearsals AS r (template_version_id, preset_id, job_id)
            SELECT b.template_version_id, b.template_version_preset_id, b.job_id
            FROM provisioner_jobs j JOIN workspace_builds b ON b.job_id = j.id
            WHERE \(sql: .isHeld("j", by: job)) AND b.template_version_preset_id IS NOT NULL
            ON CONFLICT (template_version_id, preset_id) DO UPDATE SET job_id = excluded.job_id, updated_at = now()
            WHERE r.status = 'pending' AND (r.job_id = excluded.job_id OR NOT EXISTS (
                SELECT FROM provisioner_jobs o WHERE o.id = r.job_id AND \(sql: .isRunning("o"))
            ))
            RETURNING r.job_id
            """
        )
        return !rows.isEmpty
    }

    /// Whether the version and preset of the build `b` have none that has ended: for ``takeRehearsal(_:)``.
    static let lacksRehearsal: SQL = """
        b.reason = 'prebuild' AND b.transition = 'start' AND NOT EXISTS (
            SELECT FROM template_version_rehearsals r
            WHERE r.template_version_id = b.template_version_id AND r.preset_id = b.template_version_preset_id
                AND r.status <> 'pending'
        )
        """

    /// Records a rehearsal with its version, and tells the administrators once when a claim would replace something.
    static func rehearsed(_ job: HeldJob, _ rehearsal: Rehearsal) throws -> Statement {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        func json(_ value: some Encodable) throws -> PostgresJSON {
            PostgresJSON(String(decoding: try encoder.encode(value), as: UTF8.self))
        }
        let replacements = rehearsal.replacements
        let paths = try json(Dictionary(replacements.map { ($0.address, $0.paths) }) { $0 + $1 })
        return Statement(
            "completion.rehearsed",
            within: .seconds(10),
            """
            WITH recorded AS (
                UPDATE template_version_rehearsals r SET status = \(rehearsal.status.rawValue),
                    replacements = \(try json(replacements)), message = \(rehearsal.message), rehearsed_at = now(), updated_at = now()
                WHERE r.job_id = \(job.id) AND r.status = 'pending'
                RETURNING r.template_version_id, r.preset_id
            )
            SELECT stoker_emit_event(
                \(sql: .event(.claimWouldReplace)), NULL, \(sql: PlanWriter.templateAdmins), \(sql: PlanWriter.presetLabels),
                \(sql: PlanWriter.presetData) || jsonb_build_object('replacements', \(paths)),
                ARRAY[t.id, p.id], 'preset/' || p.id, 'claim_would_replace/' || v.id, now()
            ), \(sql: News.ofEvents)
            FROM recorded JOIN \(sql: PlanWriter.presetTables) ON p.id = recorded.preset_id
            WHERE \(!replacements.isEmpty)
            """
        )
    }
}
