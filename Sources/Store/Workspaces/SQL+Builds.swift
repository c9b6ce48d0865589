// SPDX-License-Identifier: Apache-2.0

import PostgresClient

/// Conditions on builds that several statements need. Tables are named by their aliases.
extension SQL {
    /// A subquery for `LATERAL`: the latest build of the workspace, the one with the highest number.
    static func latestBuild(of workspace: String = "w") -> SQL {
        """
        (
            SELECT * FROM workspace_builds l WHERE l.workspace_id = \(identifier: workspace).id
            ORDER BY l.build_number DESC LIMIT 1
        )
        """
    }

    /// The workspace has no newer build.
    static func isLatest(_ build: String = "b", of workspace: String = "w") -> SQL {
        """
        NOT EXISTS (
            SELECT FROM workspace_builds n
            WHERE n.workspace_id = \(identifier: workspace).id AND n.build_number > \(identifier: build).build_number
        )
        """
    }

    /// No resource of the build can exist: it is the first build, and no execution of its job has started.
    static func isUnbegun(_ build: String = "b", _ job: String = "j") -> SQL {
        """
        (\(identifier: build).build_number = 1 AND \(sql: isUnattempted(job))
            AND \(identifier: build).provisioner_state IS NULL)
        """
    }

    /// A subquery of one row, `are_ready`: whether all agents of a start build are ready, and as many exist as its
    /// version declares.
    ///
    /// The function `stoker_agents_ready` of the views has the same rule for operators (`RuleTests` compares them); the
    /// planner cannot look into a function.
    ///
    /// - Parameter isReady: Whether the row `agent` counts as ready.
    static func agentsReady(ofJob job: SQL, declared: SQL, isReady: SQL = agentIsReady) -> SQL {
        """
        SELECT count(*) = count(*) FILTER (WHERE \(sql: isReady)) AND count(*) >= \(sql: declared) AS are_ready
        FROM workspace_resources resource JOIN workspace_agents agent ON agent.resource_id = resource.id
        WHERE resource.job_id = \(sql: job) AND NOT agent.deleted
        """
    }

    static let agentIsReady: SQL = "agent.lifecycle_state = 'ready'"

    /// The column `refilled_after`: the seconds from a prebuild's order, its build `b`, until it is ready; NULL while it
    /// is not, and unless the condition holds.
    static func refilledAfter(if condition: SQL, isReady: SQL = agentIsReady) -> SQL {
        let declared = declaredAgents(of: "b.template_version_id")
        return """
            CASE WHEN \(sql: condition) AND (\(sql: agentsReady(ofJob: "b.job_id", declared: declared, isReady: isReady)))
                THEN extract(epoch FROM now() - b.created_at)::float8 END AS refilled_after
            """
    }

    /// The number of agents that a build of the version must start.
    static func declaredAgents(of version: SQL) -> SQL {
        "(SELECT count(*) FROM template_version_agents x WHERE x.template_version_id = \(sql: version))"
    }
}
