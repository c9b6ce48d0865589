// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// A claim as lists show it, whatever has happened to its workspace.
package struct PastClaim: Hashable, Sendable, Codable {
    package var id: ClaimID
    package var outcome: ClaimOutcome
    /// Why it was a miss, or what it waited for.
    package var reason: String
    /// Empty when it named no existing one.
    package var templateName: String
    package var presetName: String
    package var ownerName: String
    package var workspaceID: WorkspaceID?
    package var workspaceName: String
    package var createdAt: Instant
    /// When the workspace became the claimant's, and when its build had succeeded.
    package var boundAt: Instant?
    package var usableAt: Instant?

    private enum CodingKeys: String, CodingKey {
        case outcome, reason
        case id = "claim_id"
        case templateName = "template_name"
        case presetName = "preset_name"
        case ownerName = "owner_name"
        case workspaceID = "workspace_id"
        case workspaceName = "workspace_name"
        case createdAt = "created_at"
        case boundAt = "bound_at"
        case usableAt = "usable_at"
    }
}

extension Store {
    /// A user's claims, newest first; none for an unknown user.
    ///
    /// - Parameter mark: The end of the previous page.
    package func claims(of owner: String, after mark: PageMark<Kind.Claim>? = nil, limit: Int) async throws
        -> [PastClaim]
    {
        let rows = try await pool.execute(
            "claims.list",
            within: .seconds(10),
            """
            SELECT c.id, c.outcome, c.outcome_reason, coalesce(t.name, '') AS template_name,
                coalesce(p.name, '') AS preset_name, u.username, w.id AS workspace_id,
                coalesce(w.name, '') AS workspace_name, c.created_at, c.bound_at, c.usable_at
            FROM users u
            JOIN workspace_claims c ON c.claimant_id = u.id
            LEFT JOIN templates t ON t.id = c.template_id
            LEFT JOIN template_version_presets p ON p.id = c.preset_id
            LEFT JOIN workspaces w ON w.id = c.workspace_id
            WHERE \(sql: .isUser(named: owner))
                AND (\(mark?.id)::uuid IS NULL OR (c.created_at, c.id) < (\(mark?.createdAt), \(mark?.id)))
            ORDER BY c.created_at DESC, c.id DESC LIMIT \(limit)
            """
        )
        return try rows.map { row in
            PastClaim(
                id: try row["id"],
                outcome: try row["outcome"],
                reason: try row["outcome_reason"],
                templateName: try row["template_name"],
                presetName: try row["preset_name"],
                ownerName: try row["username"],
                workspaceID: try row["workspace_id"],
                workspaceName: try row["workspace_name"],
                createdAt: try row["created_at"],
                boundAt: try row["bound_at"],
                usableAt: try row["usable_at"]
            )
        }
    }
}
