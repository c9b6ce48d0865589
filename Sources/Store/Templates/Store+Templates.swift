// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// An upload of a template.
package struct TemplatePush: Hashable, Sendable {
    package var templateName: String
    package var provisioner: ProvisionerType
    package var versionName: String
    package var message: String
    package var archive: [UInt8]
    /// SHA-256 of the archive, in hexadecimal.
    package var hash: String
    /// Whether the version becomes active after its import.
    package var activates: Bool
    /// The tags of the version's jobs; `nil`: the usual ones.
    package var tags: Tags?
    /// The organization's name or id, for a template that is pushed there; `nil`: the default one.
    package var organization: String?
    /// The first lines of the import's log: the files that were left out of the archive.
    package var notes: [String]

    package init(
        templateName: String,
        provisioner: ProvisionerType,
        versionName: String,
        message: String = "",
        archive: [UInt8],
        hash: String,
        activates: Bool = true,
        tags: Tags? = nil,
        organization: String? = nil,
        notes: [String] = []
    ) {
        self.templateName = templateName
        self.provisioner = provisioner
        self.versionName = versionName
        self.message = message
        self.archive = archive
        self.hash = hash
        self.activates = activates
        self.tags = tags
        self.organization = organization
        self.notes = notes
    }
}

/// A template as lists show it.
package struct TemplateSummary: Hashable, Sendable, Codable {
    package var id: TemplateID
    package var name: String
    package var organizationName: String
    package var provisioner: String
    package var activeVersion: String
    package var presets: Int
    package var deprecated: String
    /// The most builds of it that run at once; `nil`: no cap of its own.
    package var maxConcurrentBuilds: Int?
    package var createdAt: Instant

    private enum CodingKeys: String, CodingKey {
        case id, name, provisioner, presets, deprecated
        case maxConcurrentBuilds = "max_concurrent_builds"
        case organizationName = "org_name"
        case activeVersion = "active_version"
        case createdAt = "created_at"
    }
}

extension Store {
    /// Stores the archive and enqueues its import; returns the version and the import's job.
    ///
    /// The first successful import creates the template, so a failed push leaves no template. The import and the builds of
    /// the version run on workers with its tags.
    ///
    /// Throws ``StoreError`` of code `.notFound` for an unknown organization.
    package func pushTemplate(_ push: TemplatePush) async throws -> (version: TemplateVersionID, job: JobID) {
        try Name.requireLabel(push.templateName, of: "template", most: 64)
        let tags = push.tags.map { PostgresJSON($0.json) }
        return try await changing("templates.push") { transaction in
            let rows = try await transaction.execute(
                "templates.push",
                within: .seconds(60),
                """
                WITH organization AS MATERIALIZED (
                    \(sql: Self.organization(named: push.organization))
                ), file AS (
                    -- Equal bytes are stored once; the update only returns the row.
                    INSERT INTO files (hash, data) SELECT \(push.hash), \(push.archive) FROM organization
                    ON CONFLICT (hash) DO UPDATE SET mimetype = files.mimetype RETURNING id
                ), job AS (
                    INSERT INTO provisioner_jobs (organization_id, initiator_id, type, provisioner, input, file_id, priority,
                        tags, trace_metadata)
                    SELECT organization.id, \(prebuildsUserID), 'template_version_import',
                        \(push.provisioner.rawValue)::provisioner_type,
                        jsonb_build_object('template_name', \(push.templateName), 'activate', \(push.activates)),
                        file.id, \(JobClass.import.priority), coalesce(\(tags), \(sql: .defaultJobTags)),
                        \(TraceContext.current)
                    FROM organization, file RETURNING id, organization_id, file_id, claim_order
                ), noted AS (
                    INSERT INTO provisioner_job_logs (job_id, source, level, stage, output)
                    SELECT job.id, 'worker', 'info', 'push', note FROM job, unnest(\(push.notes)) note
                ), version AS (
                    INSERT INTO template_versions
                        (template_id, organization_id, name, message, job_id, file_id, tags, created_by)
                    SELECT t.id, job.organization_id, \(push.versionName), \(push.message), job.id, job.file_id, \(tags),
                        \(prebuildsUserID)
                    FROM job LEFT JOIN templates t ON t.organization_id = job.organization_id AND NOT t.deleted
                        AND lower(t.name) = lower(\(push.templateName))
                    RETURNING id, job_id
                )
                SELECT id, job_id, \(sql: News.column(News.jobs(of: "job"))) FROM version
                """
            )
            guard let row = rows.first else {
                throw try await Self.noOrganization(push.organization ?? "default", on: transaction)
            }
            return (try row["id"], try row["job_id"])
        }
    }

    /// Templates that are not deleted, by name.
    package func templates() async throws -> [TemplateSummary] {
        let rows = try await pool.execute(
            "templates.list",
            """
            SELECT t.id, t.name, o.name AS organization, t.provisioner::text, coalesce(v.name, '') AS version,
                (SELECT count(*) FROM template_version_presets p WHERE p.template_version_id = v.id) AS presets,
                t.deprecated, t.max_concurrent_builds, t.created_at
            FROM templates t JOIN organizations o ON o.id = t.organization_id
            LEFT JOIN template_versions v ON v.id = t.active_version_id
            WHERE NOT t.deleted ORDER BY o.name, lower(t.name)
            """
        )
        return try rows.map { row in
            TemplateSummary(
                id: try row["id"],
                name: try row["name"],
                organizationName: try row["organization"],
                provisioner: try row["provisioner"],
                activeVersion: try row["version"],
                presets: try row["presets"],
                deprecated: try row["deprecated"],
                maxConcurrentBuilds: try row["max_concurrent_builds"],
                createdAt: try row["created_at"]
            )
        }
    }
}
