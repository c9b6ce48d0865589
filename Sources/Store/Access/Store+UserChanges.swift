// SPDX-License-Identifier: Apache-2.0

import Basics
package import Domain
import PostgresClient

/// A user after a change, and what the change took with it.
package struct ChangedUser: Hashable, Sendable, Codable {
    package var user: User
    /// How many tokens of the user were revoked.
    package var tokensRevoked: Int
    /// How many workspaces went to another user.
    package var workspacesMoved: Int

    private enum CodingKeys: String, CodingKey {
        case user
        case tokensRevoked = "tokens_revoked"
        case workspacesMoved = "workspaces_moved"
    }
}

/// Changes of users. Each throws ``StoreError`` of code `.notFound`, and of `.conflict` for the user of the prebuilds, and
/// when no active owner would be left.
extension Store {
    /// Disables a user: all tokens end now, and nothing is claimed in that name. Workspaces stay.
    package func disableUser(_ username: String) async throws -> ChangedUser {
        try await change(username, endsOwner: true) { user, transaction in
            let revoked = try await Self.revokeTokens(of: user, on: transaction)
            let row = try await transaction.execute(Self.set("status = 'disabled'", of: user)).only()
            return ChangedUser(user: try User(row), tokensRevoked: revoked, workspacesMoved: 0)
        }
    }

    /// Makes a disabled user active again, without tokens.
    package func enableUser(_ username: String) async throws -> ChangedUser {
        try await change(username, endsOwner: false) { user, transaction in
            let row = try await transaction.execute(Self.set("status = 'active'", of: user)).only()
            return ChangedUser(user: try User(row), tokensRevoked: 0, workspacesMoved: 0)
        }
    }

    /// Gives a user these roles instead of the present ones. They hold from the next request on, for all tokens.
    package func setRoles(_ roles: [Role], of username: String) async throws -> ChangedUser {
        // Everybody is a member.
        let names = Role.allCases.filter { $0 != .member && roles.contains($0) }.map(\.rawValue)
        return try await change(username, endsOwner: !roles.contains(.owner)) { user, transaction in
            let row = try await transaction.execute(Self.set("rbac_roles = \(names)", of: user)).only()
            return ChangedUser(user: try User(row), tokensRevoked: 0, workspacesMoved: 0)
        }
    }

    /// Removes a user with all tokens. The name is free again; what the user did stays recorded.
    ///
    /// Refused while the user owns workspaces, unless an heir gets them. Also throws ``StoreError`` of code `.invalid` for an
    /// heir who may not own them.
    package func removeUser(_ username: String, workspacesTo heir: String? = nil) async throws -> ChangedUser {
        try await change(username, endsOwner: true) { user, transaction in
            let moved = try await Self.passOn(user, to: heir, on: transaction)
            let revoked = try await Self.revokeTokens(of: user, on: transaction)
            let row = try await transaction.execute(Self.set("deleted = true, status = 'disabled'", of: user)).only()
            _ = try await transaction.execute(
                Statement("users.leave", "DELETE FROM organization_members WHERE user_id = \(user.id)")
            )
            return ChangedUser(user: try User(row), tokensRevoked: revoked, workspacesMoved: moved)
        }
    }

    /// Whether a user who was authenticated before may still act.
    package func mayAct(_ user: UserID) async throws -> Bool {
        let rows = try await pool.execute(
            Statement(
                "users.may_act",
                within: .seconds(5),
                "SELECT EXISTS (SELECT FROM users u WHERE u.id = \(user) AND \(sql: .mayAct())) AS may_act"
            )
        )
        return try rows.only()["may_act"]
    }
}

// MARK: - Steps

extension Store {
    /// Locks the user and every active owner, in one order, so that of two changes at once the later one sees what the
    /// earlier one left.
    ///
    /// - Parameter endsOwner: Whether the user is no active owner afterwards.
    private func change(
        _ username: String,
        endsOwner: Bool,
        _ body: (User, PostgresTransaction) async throws -> ChangedUser
    ) async throws -> ChangedUser {
        try await changing("users.change") { transaction in
            let locked = try await transaction.execute(
                Statement(
                    "users.lock",
                    within: .seconds(10),
                    """
                    SELECT \(sql: Self.userColumns), \(sql: .isUser(named: username)) AS is_meant,
                        \(sql: Self.isActiveOwner) AS is_owner
                    FROM users u WHERE \(sql: .isUser(named: username)) OR \(sql: Self.isActiveOwner)
                    ORDER BY u.id FOR NO KEY UPDATE OF u
                    """
                )
            )
            guard let row = try locked.first(where: { try $0["is_meant"] }) else {
                throw try await Self.noUser(username, on: transaction)
            }
            let user = try User(row)
            guard !user.isSystem else {
                throw StoreError(
                    .conflict,
                    "The user '\(user.username)' belongs to Stoker, which makes the prebuilds in its name",
                    remedy: "Pause the pools with 'stoker prebuilds pause'."
                )
            }
            let owners = try locked.count { try $0["is_owner"] }
            if endsOwner, try row["is_owner"], owners == 1 {
                throw StoreError(
                    .conflict,
                    "'\(user.username)' is the only active user with the role 'owner'",
                    remedy: "Give the role to another user first: 'stoker users role NAME owner'."
                )
            }
            return try await body(user, transaction)
        }
    }

    private static let userColumns: SQL = "u.id, u.username, u.email, u.rbac_roles, u.status, u.is_system"

    private static let isActiveOwner: SQL = """
        (\(sql: .mayAct()) AND \(quoted: Role.owner.rawValue) = ANY(u.rbac_roles))
        """

    private static func set(_ change: SQL, of user: User) -> Statement {
        Statement(
            "users.set",
            "UPDATE users u SET \(sql: change), updated_at = now() WHERE u.id = \(user.id) RETURNING \(sql: userColumns)"
        )
    }

    private static func revokeTokens(of user: User, on transaction: PostgresTransaction) async throws -> Int {
        try await transaction.execute(
            Statement("users.revoke_tokens", "DELETE FROM api_tokens WHERE user_id = \(user.id) RETURNING id")
        ).count
    }

    /// The error for a name that no user has, with the nearest one.
    private static func noUser(_ username: String, on transaction: PostgresTransaction) async throws -> StoreError {
        let names = try await transaction.execute(
            Statement("users.names", "SELECT username FROM users WHERE NOT deleted ORDER BY lower(username) LIMIT 250")
        ).map { try $0["username"] as String }
        let nearest = Suggestion.nearest(to: username, among: names).map { "Did you mean '\($0)'?" }
        return .notFound("user", username, remedy: nearest ?? "See 'stoker users list'.")
    }

    /// Gives the user's workspaces to the heir; returns how many. Builds under way end as they began; the next one has the
    /// new owner.
    private static func passOn(_ user: User, to heir: String?, on transaction: PostgresTransaction) async throws -> Int
    {
        // A claim that began before may still end with a workspace of the removed user, as if it had ended before.
        let owned = try await transaction.execute(
            Statement(
                "users.workspaces",
                """
                SELECT w.name::text AS name FROM workspaces w WHERE w.owner_id = \(user.id) AND NOT w.deleted
                ORDER BY lower(w.name) FOR NO KEY UPDATE
                """
            )
        ).map { try $0["name"] as String }
        guard !owned.isEmpty else { return 0 }
        guard let heir else {
            let what = owned.count == 1 ? "the workspace" : "\(owned.count) workspaces:"
            throw StoreError(
                .conflict,
                "'\(user.username)' owns \(what) \(Suggestion.list(owned))",
                remedy: "Delete them, or name who gets them ('--workspaces-to')."
            )
        }
        let found = try await transaction.execute(
            Statement(
                "users.heir",
                """
                SELECT u.id, ARRAY(
                    SELECT h.name::text FROM workspaces h JOIN workspaces w ON lower(w.name) = lower(h.name)
                    WHERE h.owner_id = u.id AND NOT h.deleted AND w.owner_id = \(user.id) AND NOT w.deleted ORDER BY 1
                ) AS taken
                FROM users u WHERE \(sql: .isUser(named: heir)) AND \(sql: .mayAct()) AND u.id <> \(user.id)
                """
            )
        )
        guard let row = found.first else {
            throw StoreError(
                .invalid,
                "'\(heir)' cannot get the workspaces of '\(user.username)'",
                remedy: "Name another active user; see 'stoker users list'."
            )
        }
        let taken: [String] = try row["taken"]
        guard taken.isEmpty else {
            throw StoreError(
                .nameTaken,
                "'\(heir)' has workspaces of the same name: \(Suggestion.list(taken))",
                remedy: "Delete one of each, or name another user."
            )
        }
        let id: UserID = try row["id"]
        return try await transaction.execute(
            Statement(
                "users.pass_on",
                """
                UPDATE workspaces SET owner_id = \(id), updated_at = now() WHERE owner_id = \(user.id) AND NOT deleted
                RETURNING id
                """
            )
        ).count
    }
}
