// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Prebuilds

extension SnapshotQuery {
    /// What all pools have of that for which there are limits, for a snapshot of the named presets. Only what a limit
    /// needs is counted, and no further than one beyond the limit.
    func totals(of named: [PresetID]) -> Statement {
        Statement(
            "snapshot.totals",
            """
            SELECT \(sql: pendingJobs) AS pending, coalesce(array_agg(held.organization_id), '{}') AS organizations,
                coalesce(array_agg(held.prebuilds), '{}') AS prebuilds
            FROM (
                SELECT o.id AS organization_id, (
                    SELECT count(*) FROM (
                        SELECT FROM templates t JOIN workspaces w ON w.template_id = t.id AND \(sql: .isPrebuild())
                        WHERE t.organization_id = o.id LIMIT greatest(o.prebuild_quota::bigint, 0) + 1
                    ) found
                ) AS prebuilds
                FROM organizations o
                WHERE o.prebuild_quota IS NOT NULL AND o.id = ANY(ARRAY(
                    SELECT t.organization_id FROM template_version_presets p
                    JOIN template_versions v ON v.id = p.template_version_id JOIN templates t ON t.id = v.template_id
                    WHERE p.id = ANY(\(named))
                ))
            ) held
            """
        )
    }

    private var pendingJobs: SQL {
        guard limits.maxPendingJobs > 0 else { return "0::bigint" }
        return """
            (
                SELECT count(*) FROM (
                    SELECT FROM provisioner_jobs j JOIN workspace_builds b ON b.job_id = j.id
                    JOIN workspaces w ON w.id = b.workspace_id
                    WHERE j.job_status = 'pending' AND b.transition = 'start' AND \(sql: .isPrebuild())
                    LIMIT \(literal: min(limits.maxPendingJobs, .max - 1) + 1)
                ) found
            )
            """
    }

    static func readTotals(_ answer: QueryResult) throws -> FleetTotals {
        let row = try answer.only()
        let prebuilds = try zip(row["organizations"] as [OrganizationID], row["prebuilds"] as [Int])
        return FleetTotals(
            pendingJobs: try row["pending"],
            prebuilds: Dictionary(prebuilds) { first, _ in first }
        )
    }
}
