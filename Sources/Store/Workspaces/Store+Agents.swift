// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// Each agent of a build belongs to a resource of its own, which exists from the build's start, so that an agent can
/// report while the build still runs.
enum AgentRows {
    static let resourceType = "stoker_agent"
}

extension Store {
    /// Inserts the agents of a start build with the hashes of their tokens. Another attempt keeps them as they are.
    ///
    /// In a claim build their states are kept: an agent that was ready stays ready, and is told about the claim after
    /// the build has succeeded. In any other build they start anew, and there is nothing to tell.
    ///
    /// Fenced: returns false, and changes nothing, when the execution has lost the job.
    package func prepareAgents(_ tokens: [String: AgentTokenHash], of job: HeldJob) async throws -> Bool {
        let agents = tokens.sorted { $0.key < $1.key }
        let rows = try await pool.execute(
            "agents.prepare",
            within: .seconds(10),
            """
            WITH fence AS MATERIALIZED (\(sql: Self.fence(job))), build AS MATERIALIZED (
                SELECT b.*, b.reason = 'claim' AS is_claim FROM fence JOIN workspace_builds b ON b.job_id = fence.id
            ), before AS MATERIALIZED (
                SELECT DISTINCT ON (a.name) a.*
                FROM build
                JOIN workspace_builds p ON p.workspace_id = build.workspace_id AND p.build_number < build.build_number
                JOIN workspace_resources r ON r.job_id = p.job_id
                JOIN workspace_agents a ON a.resource_id = r.id AND NOT a.deleted
                ORDER BY a.name, p.build_number DESC
            ), wanted AS MATERIALIZED (
                SELECT w.name, w.hash, gen_random_uuid() AS resource_id
                FROM build, unnest(\(agents.map(\.key)), \(agents.map(\.value.bytes))) w(name, hash)
                WHERE NOT EXISTS (
                    SELECT FROM workspace_resources r JOIN workspace_agents a ON a.resource_id = r.id
                    WHERE r.job_id = build.job_id AND a.name = w.name AND NOT a.deleted
                )
            ), new_resources AS (
                INSERT INTO workspace_resources (id, job_id, transition, type, name, address)
                SELECT wanted.resource_id, build.job_id, 'start', \(AgentRows.resourceType), wanted.name,
                    \(AgentRows.resourceType + ".") || wanted.name
                FROM build, wanted
            ), retired AS (
                UPDATE workspace_agents a SET deleted = true, updated_at = now()
                FROM build
                JOIN workspace_builds p ON p.workspace_id = build.workspace_id AND p.build_number < build.build_number
                JOIN workspace_resources r ON r.job_id = p.job_id
                WHERE NOT build.is_claim AND a.resource_id = r.id AND NOT a.deleted
            )
            INSERT INTO workspace_agents (resource_id, name, auth_token_hash, lifecycle_state, started_at, ready_at,
                reinit_build_id)
            SELECT wanted.resource_id, wanted.name, wanted.hash,
                CASE WHEN build.is_claim AND before.id IS NOT NULL THEN before.lifecycle_state ELSE 'created' END,
                CASE WHEN build.is_claim THEN before.started_at END,
                CASE WHEN build.is_claim THEN before.ready_at END,
                CASE WHEN build.is_claim THEN before.reinit_build_id ELSE (
                    SELECT c.id FROM workspace_builds c
                    WHERE c.workspace_id = build.workspace_id AND c.reason = 'claim'
                    ORDER BY c.build_number DESC LIMIT 1
                ) END
            FROM build CROSS JOIN wanted LEFT JOIN before ON before.name = wanted.name
            RETURNING (SELECT id FROM fence)
            """
        )
        if !rows.isEmpty { return true }
        // All existed already, or the fence does not hold.
        return try await !pool.execute("agents.fence", within: .seconds(10), Self.fence(job)).isEmpty
    }

    /// The agent with the token; `nil`: there is none, or its workspace is deleted.
    package func agent(_ token: AgentTokenHash) async throws -> AgentIdentity? {
        try await pool.execute(Self.identity(token)).first.map(AgentIdentity.init)
    }

    /// What the agent with the token runs, as it was stored; `nil`: no build of its workspace has said so yet.
    package func agentManifest(_ token: AgentTokenHash) async throws -> [UInt8]? {
        let rows = try await pool.execute(
            "agents.manifest",
            within: .seconds(5),
            """
            SELECT a.manifest
            FROM workspace_agents a
            JOIN workspace_resources r ON r.id = a.resource_id
            JOIN workspace_builds b ON b.job_id = r.job_id
            WHERE a.auth_token_hash = \(token.bytes) AND NOT a.deleted AND a.manifest IS NOT NULL
            ORDER BY b.build_number DESC LIMIT 1
            """
        )
        return try rows.first.map { try $0["manifest"] }
    }

    /// Records an agent's report. `nil`: there is no such agent.
    ///
    /// When the last agent of a prebuild becomes ready, the prebuild is eligible; waiting claims and the reconciler are
    /// notified.
    /// The first time completes a refill.
    package func report(_ state: AgentState, by token: AgentTokenHash) async throws -> AgentIdentity? {
        let answers = try await pool.executeBatch([
            // Before the agent, as the end of its build does: that locks the workspace, then its agents.
            Statement(
                "agents.lock_workspace",
                within: .seconds(5),
                """
                SELECT FROM workspace_agents a
                JOIN workspace_resources r ON r.id = a.resource_id
                JOIN workspace_builds b ON b.job_id = r.job_id
                JOIN workspaces w ON w.id = b.workspace_id
                WHERE a.auth_token_hash = \(token.bytes) AND NOT a.deleted
                FOR NO KEY UPDATE OF w
                """
            ),
            Statement(
                "agents.report",
                within: .seconds(5),
                """
                WITH changed AS (
                    UPDATE workspace_agents a SET lifecycle_state = \(state.rawValue)::workspace_agent_lifecycle_state,
                        started_at = coalesce(a.started_at, now()),
                        ready_at = CASE WHEN \(state == .ready) THEN now() ELSE a.ready_at END, updated_at = now()
                    WHERE a.auth_token_hash = \(token.bytes) AND NOT a.deleted
                        AND a.lifecycle_state <> \(state.rawValue)::workspace_agent_lifecycle_state
                    RETURNING a.id
                )
                -- The agents before the change: 'a', which has changed, and the others.
                SELECT \(sql: .refilledAfter(
                        if: "\(state == .ready) AND a.ready_at IS NULL AND j.job_status = 'succeeded'",
                        isReady: "agent.id = a.id OR \(sql: .agentIsReady)"
                    )),
                    \(sql: News.column(
                        News.reconcile("b.template_version_preset_id"),
                        News.on(Channel.ready, "coalesce(b.template_version_preset_id::text, '')")
                    ))
                FROM changed
                JOIN workspace_agents a ON a.id = changed.id
                JOIN workspace_resources r ON r.id = a.resource_id
                JOIN workspace_builds b ON b.job_id = r.job_id AND b.reason = 'prebuild'
                JOIN provisioner_jobs j ON j.id = b.job_id
                """
            ),
            Self.identity(token),
        ])
        if let changed = answers[1].first { try PoolChange(refilledAfter: changed["refilled_after"]).map(observe) }
        return try answers[2].first.map(AgentIdentity.init)
    }

    /// Records that the agent's workspace is used: to the minute, so that a busy one costs little. `nil`: there is no such
    /// agent.
    package func noteUse(by token: AgentTokenHash) async throws -> AgentIdentity? {
        let answers = try await pool.executeBatch([
            Statement(
                "agents.note_use",
                within: .seconds(5),
                """
                UPDATE workspaces w SET last_used_at = now(), dormant_at = NULL, updated_at = now()
                FROM workspace_agents a
                JOIN workspace_resources r ON r.id = a.resource_id
                JOIN workspace_builds b ON b.job_id = r.job_id
                WHERE a.auth_token_hash = \(token.bytes) AND NOT a.deleted AND w.id = b.workspace_id AND NOT w.deleted
                    AND (w.last_used_at < now() - interval '1 minute' OR w.dormant_at IS NOT NULL)
                """
            ),
            Self.identity(token),
        ])
        return try answers[1].first.map(AgentIdentity.init)
    }

    /// A deleted workspace has no agents any more.
    static func agentsGone(of workspace: SQL) -> Statement {
        Statement(
            "agents.gone",
            """
            UPDATE workspace_agents a SET deleted = true, updated_at = now()
            FROM workspace_builds b, workspace_resources r
            WHERE b.workspace_id = \(sql: workspace) AND r.job_id = b.job_id AND a.resource_id = r.id AND NOT a.deleted
            """
        )
    }

    private static func identity(_ token: AgentTokenHash) -> Statement {
        Statement(
            "agents.identify",
            within: .seconds(5),
            """
            SELECT a.name, a.lifecycle_state::text AS lifecycle_state, w.id AS workspace_id, w.name AS workspace,
                coalesce(u.username, '') AS owner
            FROM workspace_agents a
            JOIN workspace_resources r ON r.id = a.resource_id
            JOIN workspace_builds b ON b.job_id = r.job_id
            JOIN workspaces w ON w.id = b.workspace_id AND NOT w.deleted
            LEFT JOIN users u ON u.id = w.owner_id
            WHERE a.auth_token_hash = \(token.bytes) AND NOT a.deleted
            ORDER BY b.build_number DESC LIMIT 1
            """
        )
    }
}

extension AgentIdentity {
    fileprivate init(_ row: Row) throws {
        self.init(
            name: try row["name"],
            state: try row.label("lifecycle_state"),
            workspaceID: try row["workspace_id"],
            workspaceName: try row["workspace"],
            ownerName: try row["owner"]
        )
    }
}
