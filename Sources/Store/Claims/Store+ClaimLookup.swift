// SPDX-License-Identifier: Apache-2.0

package import Domain
package import PostgresClient

extension ClaimResult {
    /// The columns of ``tables``.
    static let columns: SQL = """
        c.id AS claim_id, c.outcome, c.outcome_reason, w.id AS workspace_id, w.name AS workspace_name,
            coalesce(t.name, '') AS template_name, coalesce(p.name, '') AS preset_name, u.username AS owner_name,
            b.id AS build_id, b.build_number, b.job_id, w.expires_at
        """

    /// Claims `c` that gave a workspace `w`, for `FROM`: with the user `u`, and the build `b` that handed the workspace
    /// over or created it. The build is not found by time, because a claim and its build have different clock readings.
    static let tables: SQL = """
        users u
        JOIN workspace_claims c ON c.claimant_id = u.id
        JOIN workspaces w ON w.id = c.workspace_id
        LEFT JOIN templates t ON t.id = c.template_id
        LEFT JOIN template_version_presets p ON p.id = c.preset_id
        CROSS JOIN LATERAL (
            SELECT * FROM workspace_builds x WHERE x.workspace_id = w.id AND x.transition = 'start'
            ORDER BY x.reason <> 'claim', x.build_number LIMIT 1
        ) b
        """

    /// - Parameter isRepeat: Whether this answers another claim with the same key.
    init(_ row: Row, isRepeat: Bool) throws {
        self.init(
            claimID: try row["claim_id"],
            outcome: try row["outcome"],
            reason: try row["outcome_reason"],
            workspaceID: try row["workspace_id"],
            workspaceName: try row["workspace_name"],
            templateName: try row["template_name"],
            presetName: try row["preset_name"],
            ownerName: try row["owner_name"],
            buildID: try row["build_id"],
            buildNumber: try row["build_number"],
            jobID: try row["job_id"],
            isRepeat: isRepeat,
            expiresAt: try row["expires_at"]
        )
    }
}

extension ClaimOutcome: PostgresDecodable {
    /// An outcome that this release does not know gave nothing that it could report.
    package init(postgres value: PostgresValue) throws {
        self = Self(rawValue: try String(postgres: value)) ?? .error
    }
}

extension Store {
    /// A claim's current result: a replacement policy may have given the claimant another workspace than the prebuild.
    ///
    /// Throws ``StoreError`` of code `.notFound`, also for a claim that the audience may not see.
    package func claim(_ id: ClaimID, visibleTo audience: Audience = .everything) async throws -> ClaimResult {
        let rows = try await pool.execute(
            Statement(
                "claims.show",
                """
                SELECT \(sql: ClaimResult.columns) FROM \(sql: ClaimResult.tables)
                WHERE c.id = \(id) AND \(sql: audience.seesWorkspace)
                """
            )
        )
        guard let row = rows.first else { throw StoreError.notFound("claim", "\(id)") }
        var result = try ClaimResult(row, isRepeat: false)
        let stored = try await pool.execute(Statement("claims.outputs", Self.outputs(ofBuild: "\(result.buildID)")))
        let given = try WorkspaceOutputs(stored.map(StoredOutput.init))
        (result.outputs, result.open, result.ssh) = (given.outputs, given.open, given.ssh)
        return result
    }
}
