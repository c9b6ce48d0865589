// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Testing

@testable import Store

extension Store {
    func defaultOrganization() async throws -> OrganizationID {
        let rows = try await pool.execute(Statement("test", "SELECT id FROM organizations WHERE is_default"))
        return try rows.only().decode(OrganizationID.self)
    }
}

extension Fleet {
    /// Workspaces that were prebuilds once, and have been claimed since.
    func addClaimedWorkspaces(
        _ count: Int,
        owner: UserID,
        of preset: PresetID,
        from first: Int = 0
    ) async throws {
        try await sql(
            """
            CREATE TABLE fresh AS
            SELECT gen_random_uuid() AS workspace, gen_random_uuid() AS job, t.organization_id, t.id AS template,
                v.id AS version, n
            FROM template_version_presets p JOIN template_versions v ON v.id = p.template_version_id
            JOIN templates t ON t.id = v.template_id, generate_series(\(first) + 1, \(first) + \(count)) n WHERE p.id = \(preset)
            """
        )
        try await sql(
            """
            INSERT INTO provisioner_jobs (id, organization_id, initiator_id, started_at, completed_at)
            SELECT job, organization_id, \(prebuildsUserID), now(), now() FROM fresh
            """
        )
        try await sql(
            """
            INSERT INTO workspaces (id, owner_id, organization_id, template_id, name)
            SELECT workspace, \(owner), organization_id, template, 'w' || n FROM fresh
            """
        )
        try await sql(
            """
            INSERT INTO workspace_builds (workspace_id, template_version_id, build_number, transition, initiator_id, job_id,
                template_version_preset_id)
            SELECT workspace, version, 1, 'start', \(prebuildsUserID), job, \(preset) FROM fresh
            """
        )
        try await sql("DROP TABLE fresh")
    }

    /// Rows read of a table, and how often it was read from end to end.
    struct Reads {
        var scans = 0
        var rows = 0
    }

    /// Runs the body and has each table read through its indexes only, and no more than so many rows of it.
    func counting<Result>(
        _ limits: [String: Int],
        _ what: String,
        _ body: () async throws -> Result
    ) async throws -> Result {
        let before = try await reads(of: Array(limits.keys))
        let result = try await body()
        let after = try await reads(of: Array(limits.keys))
        for (table, limit) in limits {
            let scans = (after[table]?.scans ?? 0) - (before[table]?.scans ?? 0)
            let rows = (after[table]?.rows ?? 0) - (before[table]?.rows ?? 0)
            #expect(scans == 0, "\(what): \(table) was scanned")
            #expect(rows <= limit, "\(what): rows of \(table)")
        }
        return result
    }

    func reads(of tables: [String]) async throws -> [String: Reads] {
        try await sql("SELECT pg_stat_force_next_flush()")
        var reads: [String: Reads] = [:]
        for row in try await sql(
            """
            SELECT relname::text, seq_scan, seq_tup_read + coalesce(idx_tup_fetch, 0)
            FROM pg_stat_user_tables WHERE relname = ANY(\(tables))
            """
        ) {
            let (table, scans, rows) = try row.decode(String.self, Int.self, Int.self)
            reads[table] = Reads(scans: scans, rows: rows)
        }
        return reads
    }
}
