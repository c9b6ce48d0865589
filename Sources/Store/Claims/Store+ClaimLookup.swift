// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

extension Store {
    /// The build that handed the workspace `w` over, or else made it. Not by time: a claim and its build are not dated by
    /// the same clock reading.
    static let buildOfClaim: SQL = """
        SELECT * FROM workspace_builds x WHERE x.workspace_id = w.id AND x.transition = 'start'
        ORDER BY x.reason <> 'claim', x.build_number LIMIT 1
        """

    /// A claim's result as it is now: a replacement policy may have given the claimant another workspace than the prebuild.
    ///
    /// Throws ``StoreError`` of code `.notFound`, also for one that the audience may not know of.
    package func claim(_ id: ClaimID, visibleTo audience: Audience = .everything) async throws -> ClaimResult {
        let rows = try await pool.execute(
            Statement(
                "claims.show",
                """
                SELECT c.outcome, c.outcome_reason, w.id, w.name, t.name, p.name, u.username, b.id, b.build_number, b.job_id
                FROM workspace_claims c
                JOIN workspaces w ON w.id = c.workspace_id
                JOIN users u ON u.id = c.claimant_id
                JOIN templates t ON t.id = c.template_id
                JOIN template_version_presets p ON p.id = c.preset_id
                CROSS JOIN LATERAL (\(sql: Self.buildOfClaim)) b
                WHERE c.id = \(id) AND \(sql: audience.seesWorkspace)
                """
            )
        )
        guard let row = rows.first else { throw StoreError.notFound("claim", "\(id)") }
        let (outcome, reason, workspace, name, template, preset, owner, build, number, job) = try row.decode(
            String.self,
            String.self,
            WorkspaceID.self,
            String.self,
            String.self,
            String.self,
            String.self,
            BuildID.self,
            Int.self,
            JobID.self
        )
        return ClaimResult(
            claimID: id,
            outcome: ClaimOutcome(rawValue: outcome) ?? .error,
            reason: reason,
            workspaceID: workspace,
            workspaceName: name,
            templateName: template,
            presetName: preset,
            ownerName: owner,
            buildID: build,
            buildNumber: number,
            jobID: job,
            isRepeat: false
        )
    }
}
