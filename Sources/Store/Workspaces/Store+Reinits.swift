// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// Telling agents about claims.
extension Store {
    /// Those of these agents that must be told about a claim whose build succeeded, and were not sent it yet.
    package func pendingReinits(of tokens: [AgentTokenHash]) async throws -> [AgentTokenHash: Reinit] {
        guard !tokens.isEmpty else { return [:] }
        let wasSent: SQL = "coalesce(c.id IN (a.reinit_build_id, a.reinit_sent_build_id), false)"
        return try await reinits(of: tokens, unless: wasSent)
    }

    /// What to tell an agent that begins to listen: claims that it is not known to have heard, also if they were sent
    /// before. If the agent says what it has heard last, that decides instead, as long as nothing was started anew
    /// since the claim.
    package func missedReinit(of token: AgentTokenHash, heard last: String?) async throws -> Reinit? {
        guard let last else {
            return try await reinits(of: [token], unless: "a.reinit_build_id IS NOT DISTINCT FROM c.id")[token]
        }
        if let build = BuildID(last) { try await acknowledgeReinit(build, by: token) }
        return try await reinits(
            of: [token],
            unless: "c.id::text = lower(\(last)) OR b.build_number > c.build_number"
        )[token]
    }

    /// The newest claim of each agent's workspace, if its build succeeded and the exception does not hold. The
    /// exception refers to `a`, the agent's newest row, to `b`, its build, and to `c`, the claim build.
    private func reinits(
        of tokens: [AgentTokenHash],
        unless exception: SQL
    ) async throws -> [AgentTokenHash: Reinit] {
        let rows = try await pool.execute(
            "agents.reinits",
            within: .seconds(10),
            """
            SELECT t.hash, c.id AS build_id, c.build_number, w.id AS workspace_id, w.name AS workspace, w.owner_id,
                coalesce(u.username, '') AS owner
            FROM unnest(\(tokens.map(\.bytes))) t(hash)
            -- By key, whatever the planner estimates about so many hashes.
            CROSS JOIN LATERAL (
                SELECT x.reinit_build_id, x.reinit_sent_build_id, r.job_id
                FROM workspace_agents x
                JOIN workspace_resources r ON r.id = x.resource_id
                JOIN workspace_builds n ON n.job_id = r.job_id
                WHERE x.auth_token_hash = t.hash AND NOT x.deleted
                ORDER BY n.build_number DESC LIMIT 1
            ) a
            JOIN workspace_builds b ON b.job_id = a.job_id
            JOIN workspaces w ON w.id = b.workspace_id AND NOT w.deleted AND w.owner_id <> \(prebuildsUserID)
            CROSS JOIN LATERAL (
                SELECT x.id, x.build_number, x.job_id FROM workspace_builds x
                WHERE x.workspace_id = w.id AND x.reason = 'claim' ORDER BY x.build_number DESC LIMIT 1
            ) c
            JOIN provisioner_jobs j ON j.id = c.job_id AND j.job_status = 'succeeded'
            LEFT JOIN users u ON u.id = w.owner_id
            WHERE NOT (\(sql: exception))
            """
        )
        var reinits: [AgentTokenHash: Reinit] = [:]
        for row in rows {
            reinits[AgentTokenHash(bytes: try row["hash"])] = Reinit(
                buildID: try row["build_id"],
                buildNumber: try row["build_number"],
                workspaceID: try row["workspace_id"],
                workspaceName: try row["workspace"],
                ownerID: try row["owner_id"],
                ownerName: try row["owner"]
            )
        }
        return reinits
    }

    /// Takes over telling an agent about a claim; false: it was sent already.
    ///
    /// - Parameter again: Send it even if it was sent already: the agent listens anew, and is not known to have heard
    ///   it.
    package func takeReinit(_ reinit: Reinit, for token: AgentTokenHash, again: Bool = false) async throws -> Bool {
        let rows = try await pool.execute(
            "agents.take_reinit",
            within: .seconds(5),
            """
            UPDATE workspace_agents SET reinit_sent_build_id = \(reinit.buildID), updated_at = now()
            WHERE auth_token_hash = \(token.bytes) AND NOT deleted
                AND (\(again) OR \(reinit.buildID) IS DISTINCT FROM reinit_build_id
                    AND \(reinit.buildID) IS DISTINCT FROM reinit_sent_build_id)
            RETURNING id
            """
        )
        return !rows.isEmpty
    }

    /// The agent could not be told after all: it will be told when it asks again.
    package func returnReinit(_ reinit: Reinit, for token: AgentTokenHash) async throws {
        _ = try await pool.execute(
            "agents.return_reinit",
            within: .seconds(5),
            """
            UPDATE workspace_agents SET reinit_sent_build_id = NULL, updated_at = now()
            WHERE auth_token_hash = \(token.bytes) AND NOT deleted AND reinit_sent_build_id = \(reinit.buildID)
            RETURNING \(sql: News.column(News.on(Channel.claimed, "''")))
            """
        )
    }

    /// The agent has heard of the claim, so it is not told again. A build that is no claim build of its workspace
    /// changes nothing.
    package func acknowledgeReinit(_ build: BuildID, by token: AgentTokenHash) async throws {
        _ = try await pool.execute(
            "agents.acknowledge_reinit",
            within: .seconds(5),
            """
            UPDATE workspace_agents a SET reinit_build_id = \(build), updated_at = now()
            FROM workspace_resources r
            JOIN workspace_builds b ON b.job_id = r.job_id
            JOIN workspace_builds c ON c.workspace_id = b.workspace_id AND c.id = \(build) AND c.reason = 'claim'
            WHERE a.auth_token_hash = \(token.bytes) AND NOT a.deleted AND r.id = a.resource_id
                AND a.reinit_build_id IS DISTINCT FROM \(build)
            """
        )
    }
}
