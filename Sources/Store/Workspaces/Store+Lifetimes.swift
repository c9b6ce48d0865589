// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient

/// How many workspaces one round of ``Store/enforceLifetimes(batch:)`` acted on.
package struct EnforcedLifetimes: Hashable, Sendable {
    package var warned = 0
    /// Deletions that were ordered.
    package var deleted = 0
    /// Workspaces that became dormant.
    package var dormant = 0

    package init() {}

    /// Whether nothing was to be done.
    package var isEmpty: Bool { self == Self() }
}

extension Store {
    /// Warns of ends that come, deletes workspaces whose end has come, stops those that nobody uses, and deletes those
    /// that were dormant for long enough: in one transaction with the events.
    ///
    /// A workspace whose owner is disabled or removed counts as unused from then on. One with a build in progress is
    /// looked at again when that has ended.
    ///
    /// - Returns: `nil` if another worker does it, or during maintenance.
    package func enforceLifetimes(batch: Int = 200) async throws -> EnforcedLifetimes? {
        try await pool.withTransaction("lifetimes.enforce", attempts: 1) { transaction in
            let turn = try await transaction.execute(
                "lifetimes.lock",
                within: .seconds(5),
                """
                SELECT pg_try_advisory_xact_lock(\(literal: AdvisoryLock.namespace), \(literal: AdvisoryLock.lifetimes))
                    AND NOT \(sql: Self.inMaintenance)
                """
            )
            guard try turn.only().decode(Bool.self) else { return nil }
            let answers = try await transaction.executeBatchAndCommit([
                Self.deletions(of: Self.expired, "expiry", .autostop, batch),
                Self.deletions(of: Self.longDormant, "dormancy", .dormancy, batch),
                Self.stops(batch),
                Self.expiryWarnings(batch),
                Self.dormancyWarnings(batch),
            ])
            var done = EnforcedLifetimes()
            done.deleted = answers[0].count + answers[1].count
            done.dormant = answers[2].count
            done.warned = answers[3].count + answers[4].count
            return done
        }
    }

    // MARK: - Conditions

    /// Tables of a workspace `w` with its template `t` and the rules of its active version `v`.
    private static let ruled: SQL = """
        workspaces w
        JOIN templates t ON t.id = w.template_id
        JOIN template_versions v ON v.id = t.active_version_id
        """

    private static let isOwned: SQL = "NOT w.deleted AND w.owner_id <> \(prebuildsUserID)"

    private static let expired: SQL = "SELECT w.id FROM workspaces w WHERE \(sql: isOwned) AND w.expires_at <= now()"

    private static let longDormant: SQL = """
        SELECT w.id FROM \(sql: ruled)
        WHERE \(sql: isOwned) AND v.dormant_delete_secs IS NOT NULL
            AND w.dormant_at <= now() - make_interval(secs => v.dormant_delete_secs)
        """

    /// Who is not used: by the rule of the template, or because the owner may not act any more.
    private static let unused: SQL = """
        SELECT w.id, 'unused' AS cause FROM \(sql: ruled)
        WHERE \(sql: isOwned) AND v.dormant_after_secs IS NOT NULL AND w.dormant_at IS NULL
            AND w.last_used_at <= now() - make_interval(secs => v.dormant_after_secs)
        UNION ALL
        SELECT w.id, CASE WHEN u.deleted THEN 'owner_removed' ELSE 'owner_disabled' END
        FROM users u JOIN workspaces w ON w.owner_id = u.id
        WHERE \(sql: isOwned) AND NOT \(sql: .mayAct()) AND w.dormant_at IS NULL
        """

    // MARK: - Orders

    /// Orders deletions as a user does, with an event each.
    private static func deletions(of due: SQL, _ cause: String, _ reason: BuildReason, _ batch: Int) -> Statement {
        let details: SQL = "jsonb_build_object('cause', \(quoted: cause))"
        let builds = NewBuilds(
            rows: "victims",
            transition: .delete,
            reason: reason,
            initiator: "n.owner_id",
            jobClass: .delete
        )
        return Statement(
            "lifetimes.delete",
            within: .seconds(30),
            """
            WITH locked AS MATERIALIZED (
                SELECT \(sql: NewBuilds.afterLatest), w.owner_id
                FROM workspaces w
                CROSS JOIN LATERAL \(sql: .latestBuild()) b
                JOIN provisioner_jobs j ON j.id = b.job_id AND j.completed_at IS NOT NULL
                WHERE w.id IN (\(sql: due)) AND (NOT w.retiring OR b.transition = 'delete' AND j.job_status = 'canceled')
                ORDER BY w.id LIMIT \(literal: batch) FOR NO KEY UPDATE OF w SKIP LOCKED
            ), victims AS MATERIALIZED (
                SELECT *, gen_random_uuid() AS build_id, gen_random_uuid() AS job_id FROM locked
            ), retired AS (
                UPDATE workspaces w SET retiring = true, updated_at = now() FROM victims WHERE w.id = victims.workspace_id
            ), \(sql: builds.terms), \(sql: builds.parameters(.parameters(ofBuild: "n.last_build_id")))
            SELECT \(sql: lifeEvent(.workspaceExpired, details)),
                \(sql: News.column(News.events, News.jobs(of: "new_jobs")))
            FROM victims n \(sql: eventTables)
            """
        )
    }

    /// Marks unused workspaces as dormant, and orders a stop of those that are started.
    private static func stops(_ batch: Int) -> Statement {
        let builds = NewBuilds(
            rows: "started",
            transition: .stop,
            reason: .dormancy,
            initiator: "n.owner_id",
            jobClass: .interactive
        )
        return Statement(
            "lifetimes.stop",
            within: .seconds(30),
            """
            WITH due AS MATERIALIZED (\(sql: unused)), locked AS MATERIALIZED (
                SELECT \(sql: NewBuilds.afterLatest), w.owner_id, b.transition,
                    (SELECT max(due.cause) FROM due WHERE due.id = w.id) AS cause
                FROM workspaces w
                CROSS JOIN LATERAL \(sql: .latestBuild()) b
                JOIN provisioner_jobs j ON j.id = b.job_id AND j.completed_at IS NOT NULL
                WHERE w.id IN (SELECT id FROM due) AND NOT w.retiring
                ORDER BY w.id LIMIT \(literal: batch) FOR NO KEY UPDATE OF w SKIP LOCKED
            ), started AS MATERIALIZED (
                SELECT *, gen_random_uuid() AS build_id, gen_random_uuid() AS job_id FROM locked WHERE transition = 'start'
            ), marked AS (
                UPDATE workspaces w SET dormant_at = now(), updated_at = now() FROM locked WHERE w.id = locked.workspace_id
            ), \(sql: builds.terms), \(sql: builds.parameters(.parameters(ofBuild: "n.last_build_id")))
            SELECT \(sql: lifeEvent(.workspaceDormant, "jsonb_build_object('cause', n.cause)")),
                \(sql: News.column(News.events, News.jobs(of: "new_jobs")))
            FROM locked n \(sql: eventTables)
            """
        )
    }

    // MARK: - Warnings

    private static let warning: SQL = """
        make_interval(secs => coalesce(v.lifetime_warn_secs, \(literal: Lifetime.usualWarning)))
        """

    private static func expiryWarnings(_ batch: Int) -> Statement {
        let details: SQL = "jsonb_build_object('what', 'deletion', 'cause', 'expiry', 'at', n.at)"
        return Statement(
            "lifetimes.warn_of_expiry",
            within: .seconds(30),
            """
            WITH due AS MATERIALIZED (
                SELECT w.id AS workspace_id, w.expires_at AS at
                FROM \(sql: ruled)
                WHERE \(sql: isOwned) AND NOT w.retiring AND w.expires_at > now()
                    -- The longest warning, for the index.
                    AND w.expires_at <= now() + interval '30 days'
                    AND coalesce(v.lifetime_warn_secs, 1) > 0 AND w.expires_at <= now() + \(sql: warning)
                    AND w.expiry_warned_for IS DISTINCT FROM w.expires_at
                ORDER BY w.expires_at LIMIT \(literal: batch) FOR NO KEY UPDATE OF w SKIP LOCKED
            ), marked AS (
                UPDATE workspaces w SET expiry_warned_for = due.at FROM due WHERE w.id = due.workspace_id
            )
            SELECT \(sql: lifeEvent(.workspaceExpiring, details)),
                \(sql: News.ofEvents)
            FROM due n \(sql: eventTables)
            """
        )
    }

    /// Of the stop of an unused workspace, and of the deletion of a dormant one.
    private static func dormancyWarnings(_ batch: Int) -> Statement {
        let details: SQL = """
            jsonb_build_object('what', CASE WHEN n.is_stop THEN 'dormancy' ELSE 'deletion' END, 'cause',
                CASE WHEN n.is_stop THEN 'unused' ELSE 'dormancy' END, 'at', n.at)
            """
        return Statement(
            "lifetimes.warn_of_dormancy",
            within: .seconds(30),
            """
            WITH due AS MATERIALIZED (
                SELECT w.id AS workspace_id, w.dormant_at IS NULL AS is_stop, moment.at
                FROM \(sql: ruled)
                CROSS JOIN LATERAL (
                    SELECT CASE WHEN w.dormant_at IS NULL THEN w.last_used_at + make_interval(secs => v.dormant_after_secs)
                        ELSE w.dormant_at + make_interval(secs => v.dormant_delete_secs) END AS at
                ) moment
                WHERE v.dormant_after_secs IS NOT NULL AND \(sql: isOwned) AND NOT w.retiring AND moment.at > now()
                    AND coalesce(v.lifetime_warn_secs, 1) > 0 AND moment.at <= now() + \(sql: warning)
                    AND w.dormancy_warned_for IS DISTINCT FROM moment.at
                ORDER BY w.id LIMIT \(literal: batch) FOR NO KEY UPDATE OF w SKIP LOCKED
            ), marked AS (
                UPDATE workspaces w SET dormancy_warned_for = due.at FROM due WHERE w.id = due.workspace_id
            )
            SELECT \(sql: lifeEvent(.workspaceExpiring, details)),
                \(sql: News.ofEvents)
            FROM due n \(sql: eventTables)
            """
        )
    }

    // MARK: - Events

    /// The tables of an event about the workspace of a row `n`.
    private static let eventTables: SQL = """
        JOIN workspaces w ON w.id = n.workspace_id
        JOIN templates t ON t.id = w.template_id
        JOIN organizations o ON o.id = w.organization_id
        LEFT JOIN users u ON u.id = w.owner_id
        """

    /// Emits an event for the owner, if that is an active user, and the administrators.
    private static func lifeEvent(_ type: EventType, _ details: SQL) -> SQL {
        """
        stoker_emit_event(
            \(sql: .event(type)), NULL,
            \(sql: PlanWriter.templateAdmins) || ARRAY(
                SELECT x.id FROM users x WHERE x.id = w.owner_id AND x.status = 'active' AND NOT x.deleted
                    AND NOT coalesce('template-admin' = ANY(x.rbac_roles), false)
            ),
            jsonb_build_object('org', o.name, 'workspace', w.name, 'template', t.name, 'claimant', coalesce(u.username, '')),
            jsonb_build_object(
                'organization', jsonb_build_object('id', o.id, 'name', o.name),
                'template', jsonb_build_object('id', t.id, 'name', t.name),
                'workspace', jsonb_build_object('id', w.id, 'name', w.name),
                'claimant', jsonb_build_object('id', w.owner_id, 'username', coalesce(u.username, ''))
            ) || \(sql: details),
            ARRAY[w.id, w.owner_id, t.id], 'workspace/' || w.id, NULL, now()
        )
        """
    }
}
