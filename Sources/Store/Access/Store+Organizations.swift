// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain
import PostgresClient

extension Store {
    /// The organizations by name, with what each uses of its limits.
    package func organizations() async throws -> [Organization] {
        try await pool.execute(Self.organizationList()).map(Organization.init)
    }

    /// Adds an organization. Throws ``StoreError`` of code `.nameTaken`, in whatever case the other name is written.
    package func addOrganization(_ name: String, _ change: OrganizationChange = OrganizationChange()) async throws
        -> Organization
    {
        try Name.requireLabel(name, of: "organization")
        return try await changing("organizations.add") { transaction in
            // The rows' own key distinguishes cases. Readers are not blocked.
            _ = try await transaction.execute(
                Statement(
                    "organizations.lock",
                    within: .seconds(10),
                    "LOCK TABLE organizations IN SHARE ROW EXCLUSIVE MODE"
                )
            )
            let added = try await transaction.execute(
                Statement(
                    "organizations.add",
                    """
                    INSERT INTO organizations (name, display_name, max_concurrent_builds, prebuild_quota)
                    SELECT \(name), \(change.displayName ?? ""), \(sql: change.maxConcurrentBuilds.value(of: "NULL::integer")),
                        \(sql: change.prebuildQuota.value(of: "NULL::integer"))
                    WHERE NOT EXISTS (SELECT FROM organizations o WHERE lower(o.name) = lower(\(name)))
                    RETURNING id
                    """
                )
            )
            guard let id: OrganizationID = try added.first?["id"] else {
                throw StoreError(
                    .nameTaken,
                    "The name '\(name)' is taken by another organization",
                    remedy: "Choose another name."
                )
            }
            return try await Organization(transaction.execute(Self.organizationList(id)).only())
        }
    }

    /// Changes an organization, by name or id. A new cap holds for the next claims, and a new quota for the next pass; what
    /// is above it already stays.
    ///
    /// Throws ``StoreError`` of code `.notFound`.
    package func changeOrganization(_ name: String, _ change: OrganizationChange) async throws -> Organization {
        try await changing("organizations.change") { transaction in
            let changed = try await transaction.execute(
                Statement(
                    "organizations.change",
                    """
                    UPDATE organizations x SET display_name = coalesce(\(change.displayName), x.display_name),
                        max_concurrent_builds = \(sql: change.maxConcurrentBuilds.value(of: "x.max_concurrent_builds")),
                        prebuild_quota = \(sql: change.prebuildQuota.value(of: "x.prebuild_quota")), updated_at = now()
                    WHERE x.id = (\(sql: .organizationID(name)))
                    RETURNING x.id, \(sql: News.column(News.reconcile, News.jobs))
                    """
                )
            )
            guard let id: OrganizationID = try changed.first?["id"] else {
                throw try await Self.noOrganization(name, on: transaction)
            }
            return try await Organization(transaction.execute(Self.organizationList(id)).only())
        }
    }

    /// The error for a name that no organization has, with the nearest one.
    static func noOrganization(_ name: String, on executor: some PostgresExecutor) async throws -> StoreError {
        let names = try await executor.execute(
            Statement("organizations.names", "SELECT name FROM organizations ORDER BY lower(name) LIMIT 250")
        ).map { try $0["name"] as String }
        let nearest = Suggestion.nearest(to: name, among: names).map { "Did you mean '\($0)'?" }
        return .notFound("organization", name, remedy: nearest ?? "See 'stoker orgs list'.")
    }

    private static func organizationList(_ id: OrganizationID? = nil) -> Statement {
        Statement(
            "organizations.list",
            """
            SELECT o.id, o.name, o.display_name, o.is_default, o.max_concurrent_builds, o.prebuild_quota,
                coalesce(r.jobs, 0) AS running, coalesce(p.prebuilds, 0) AS prebuilds,
                (SELECT count(*) FROM templates t WHERE t.organization_id = o.id AND NOT t.deleted) AS templates
            FROM organizations o
            LEFT JOIN (
                SELECT h.organization_id, count(*) AS jobs FROM provisioner_jobs h WHERE \(sql: .isRunning("h"))
                GROUP BY h.organization_id
            ) r ON r.organization_id = o.id
            LEFT JOIN (
                SELECT w.organization_id, count(*) AS prebuilds FROM workspaces w WHERE \(sql: .isPrebuild())
                GROUP BY w.organization_id
            ) p ON p.organization_id = o.id
            WHERE \(id)::uuid IS NULL OR o.id = \(id)
            ORDER BY lower(o.name), o.name
            """
        )
    }
}

extension Organization {
    fileprivate init(_ row: Row) throws {
        id = try row["id"]
        name = try row["name"]
        displayName = try row["display_name"]
        isDefault = try row["is_default"]
        maxConcurrentBuilds = try row["max_concurrent_builds"]
        prebuildQuota = try row["prebuild_quota"]
        running = try row["running"]
        prebuilds = try row["prebuilds"]
        templates = try row["templates"]
    }
}
