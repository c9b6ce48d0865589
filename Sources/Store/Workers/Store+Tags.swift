// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// Tags that jobs or templates ask for, and that no worker has that is up.
package struct UnservedTags: Hashable, Sendable, Codable {
    package var tags: Tags
    package var organizationName: String
    /// The jobs that wait for such a worker.
    package var jobs: Int
    /// How long the oldest has waited, in seconds.
    package var oldestSeconds: Double
    /// The templates in use whose active version asks for them.
    package var templates: [String]

    private enum CodingKeys: String, CodingKey {
        case tags, jobs, templates
        case organizationName = "org_name"
        case oldestSeconds = "oldest_seconds"
    }
}

extension SQL {
    /// The worker `w` may run jobs of these tags and this organization, as in the claim.
    static func serves(_ worker: String = "w", tags: SQL, of organization: SQL) -> SQL {
        """
        (stoker_tags_match(\(sql: tags), \(identifier: worker).tags) AND (
            \(identifier: worker).organization_ids = '{}' OR \(sql: organization) = ANY(\(identifier: worker).organization_ids)
        ))
        """
    }

    /// The tags of the jobs of each template in use: `organization_id`, `tags`, and the `template`'s name.
    static let tagsOfTemplates: SQL = """
        SELECT t.organization_id, coalesce(v.tags, \(sql: .defaultJobTags)) AS tags, t.name AS template
        FROM templates t JOIN template_versions v ON \(sql: .isActive())
        """

    /// What jobs and templates ask of workers now, `organization_id` and `tags`: a long queue is looked at from its front.
    static let tagsAskedFor: SQL = """
        SELECT organization_id, tags FROM (\(sql: tagsOfTemplates)) u
        UNION
        SELECT h.organization_id, h.tags FROM provisioner_jobs h WHERE \(sql: .isRunning("h"))
        UNION
        SELECT q.organization_id, q.tags FROM (
            SELECT organization_id, tags FROM provisioner_jobs WHERE job_status = 'pending' ORDER BY claim_order, id LIMIT 1000
        ) q
        """
}

extension Store {
    /// Whether a worker is up that may run jobs with these tags, of the organization of that name or of the default one.
    package func isServed(_ tags: Tags, of organization: String? = nil) async throws -> Bool {
        let rows = try await pool.execute(
            Statement(
                "workers.serve",
                within: .seconds(5),
                """
                SELECT EXISTS (
                    SELECT FROM workers w
                    WHERE \(sql: .isClaiming("w")) AND \(sql: .serves(
                        tags: "\(PostgresJSON(tags.json))",
                        of: "(\(sql: Self.organization(named: organization)))"
                    ))
                ) AS is_served
                """
            )
        )
        return try rows.only()["is_served"]
    }

    /// A query for the id of an organization; `nil`: the default one.
    static func organization(named name: String?) -> SQL {
        name.map { .organizationID($0) } ?? "SELECT o.id FROM organizations o WHERE o.is_default LIMIT 1"
    }

    /// Tags that no worker has, when workers are up.
    static let unservedTags = Statement(
        "overview.unserved_tags",
        """
        WITH waiting AS (
            SELECT j.organization_id, j.tags, count(*) AS jobs, min(\(sql: PoolPlace.waitsSince())) AS since
            FROM provisioner_jobs j WHERE j.job_status = 'pending' GROUP BY j.organization_id, j.tags
        ), used AS (
            SELECT organization_id, tags, array_agg(template::text ORDER BY template) AS templates
            FROM (\(sql: .tagsOfTemplates)) u GROUP BY organization_id, tags
        )
        SELECT x.tags::text AS tags, coalesce(o.name, '') AS organization, coalesce(x.jobs, 0) AS jobs,
            coalesce(greatest(extract(epoch FROM now() - CASE WHEN isfinite(x.since) THEN x.since END), 0), 0)::float8 AS oldest,
            coalesce(x.templates, '{}') AS templates
        FROM (SELECT * FROM waiting FULL JOIN used USING (organization_id, tags)) x
        LEFT JOIN organizations o ON o.id = x.organization_id
        WHERE EXISTS (SELECT FROM workers w WHERE \(sql: .isUp("w"))) AND NOT EXISTS (
            SELECT FROM workers w WHERE \(sql: .isUp("w")) AND \(sql: .serves(tags: "x.tags", of: "x.organization_id"))
        )
        ORDER BY 3 DESC, 2, 1 LIMIT 50
        """
    )
}

extension UnservedTags {
    init(_ row: Row) throws {
        tags = Tags(stored: try row["tags"])
        organizationName = try row["organization"]
        jobs = try row["jobs"]
        oldestSeconds = try row["oldest"]
        templates = try row["templates"]
    }
}
