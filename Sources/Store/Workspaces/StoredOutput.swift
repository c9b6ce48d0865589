// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import PostgresClient

/// An output of a build as the database stores it: open, or sealed.
package struct StoredOutput: Hashable, Sendable {
    package let name: String
    /// The value as JSON; `nil`: it is sealed.
    package let json: String?
    /// The sealed value of a sensitive output.
    package let sealed: [UInt8]?

    package init(name: String, json: String) {
        (self.name, self.json, sealed) = (name, json, nil)
    }

    package init(name: String, sealed: [UInt8]) {
        (self.name, json, self.sealed) = (name, nil, sealed)
    }

    init(_ row: Row) throws {
        name = try row["name"]
        json = try row["value"]
        sealed = try row["sealed"]
    }
}

extension Store {
    /// Stores the outputs of a build whose job is being ended.
    static func outputs(_ job: HeldJob, _ outputs: [StoredOutput]) -> [Statement] {
        guard !outputs.isEmpty else { return [] }
        return [
            Statement(
                "completion.outputs",
                """
                INSERT INTO workspace_build_outputs (workspace_build_id, name, value, sealed)
                SELECT b.id, o.name, o.value::jsonb, o.sealed
                FROM workspace_builds b, unnest(
                    \(outputs.map(\.name)), \(outputs.map(\.json)), \(outputs.map(\.sealed))
                ) o(name, value, sealed)
                WHERE b.job_id = \(job.id)
                """
            )
        ]
    }

    /// Removes the outputs of a workspace that is gone, whose secrets nobody needs any more.
    static func outputsGone(of workspace: SQL) -> SQL {
        """
        DELETE FROM workspace_build_outputs o USING workspace_builds b
        WHERE b.workspace_id = \(sql: workspace) AND o.workspace_build_id = b.id
        """
    }

    /// An array of the sealed values of a workspace's newest builds.
    static func sealedOutputs(ofWorkspace workspace: SQL) -> SQL {
        """
        ARRAY(
            SELECT o.sealed
            FROM (
                SELECT x.id FROM workspace_builds x WHERE x.workspace_id = \(sql: workspace)
                ORDER BY x.build_number DESC LIMIT 5
            ) recent
            JOIN workspace_build_outputs o ON o.workspace_build_id = recent.id
            WHERE o.sealed IS NOT NULL
        )
        """
    }

    /// The id of the build whose outputs a workspace has: its newest successful one, from its claim on.
    private static func outputBuild(of workspace: SQL) -> SQL {
        """
        SELECT b.id FROM workspace_builds b JOIN provisioner_jobs j ON j.id = b.job_id JOIN workspaces w ON w.id = b.workspace_id
        WHERE w.id = \(sql: workspace) AND j.job_status = 'succeeded' AND b.transition <> 'delete'
            AND (b.reason <> 'prebuild' OR w.owner_id = \(prebuildsUserID))
        ORDER BY b.build_number DESC LIMIT 1
        """
    }

    /// The outputs of a workspace. ``StoredOutput/init(_:)`` reads the rows.
    static func outputs(of workspace: WorkspaceID) -> Statement {
        Statement("workspaces.outputs", outputs(ofBuild: outputBuild(of: "\(workspace)")))
    }

    /// The outputs of the build that a subquery names, if it has succeeded.
    static func outputs(ofBuild build: SQL) -> SQL {
        """
        SELECT o.name, o.value::text AS value, o.sealed FROM workspace_build_outputs o
        WHERE o.workspace_build_id = (\(sql: build)) ORDER BY o.name
        """
    }

    /// The open outputs of a build as a JSON object, for events.
    static func openOutputs(ofBuild build: SQL) -> SQL {
        """
        coalesce((
            SELECT jsonb_object_agg(o.name, o.value) FROM workspace_build_outputs o
            WHERE o.workspace_build_id = \(sql: build) AND o.value IS NOT NULL
        ), '{}')
        """
    }
}
