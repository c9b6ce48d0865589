// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// One change, as the audit log tells it.
package struct AuditEntry: Hashable, Sendable, Codable {
    package var id: Int64
    package var at: Instant
    package var actor: String
    /// `nil`: not a user, but a holder of the database's credentials.
    package var actorID: UserID?
    package var origin: OpenEnum<AuditOrigin>
    package var action: String
    package var resource: String
    package var target: String
    /// The other values that were given, in texts.
    package var details: [String: String]

    private enum CodingKeys: String, CodingKey {
        case id, at, actor, origin, action, resource, target, details
        case actorID = "actor_id"
    }
}

/// A filter of the audit log; `nil` means any.
package struct AuditSelection: Hashable, Sendable {
    package var since: Instant?
    package var until: Instant?
    package var actor: String?
    package var action: String?
    /// The whole target, or one of its parts between slashes.
    package var target: String?

    package init(
        since: Instant? = nil,
        until: Instant? = nil,
        actor: String? = nil,
        action: String? = nil,
        target: String? = nil
    ) {
        self.since = since
        self.until = until
        self.actor = actor
        self.action = action
        self.target = target
    }
}

extension Store {
    /// The entries of the audit log, the newest first.
    ///
    /// - Parameter last: The end of the previous page.
    package func audit(_ selection: AuditSelection, after last: Int64? = nil, limit: Int) async throws -> [AuditEntry] {
        let target = selection.target?.lowercased()
        return try await pool.execute(
            "audit.list",
            within: .seconds(20),
            reading: true,
            """
            SELECT id, created_at, actor, actor_id, origin, action, resource, target,
                ARRAY(SELECT d.key FROM jsonb_each_text(\(sql: Self.object("details"))) d ORDER BY d.key) AS names,
                ARRAY(SELECT coalesce(d.value, '') FROM jsonb_each_text(\(sql: Self.object("details"))) d ORDER BY d.key)
                    AS given
            FROM audit_entries
            WHERE (\(last)::bigint IS NULL OR id < \(last))
                AND created_at >= coalesce(\(selection.since), '-infinity'::timestamptz)
                AND created_at < coalesce(\(selection.until), 'infinity'::timestamptz)
                AND (\(selection.actor)::text IS NULL OR lower(actor) = lower(\(selection.actor)))
                AND (\(selection.action)::text IS NULL OR action = \(selection.action))
                AND (\(target)::text IS NULL OR lower(target) = \(target)
                    OR \(target) = ANY(string_to_array(lower(target), '/')))
            ORDER BY id DESC LIMIT \(literal: limit)
            """
        ).map(AuditEntry.init)
    }
}

extension AuditEntry {
    fileprivate init(_ row: Row) throws {
        self.init(
            id: try row["id"],
            at: try row["created_at"],
            actor: try row["actor"],
            actorID: try row["actor_id"],
            origin: try row["origin"],
            action: try row["action"],
            resource: try row["resource"],
            target: try row["target"],
            details: try row.pairs("names", "given")
        )
    }
}
