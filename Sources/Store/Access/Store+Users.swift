// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// A person, or the system user that owns prebuilds.
package struct User: Hashable, Sendable, Codable {
    package var id: UserID
    package var username: String
    package var email: String
    package var roles: [String]
    package var status: String
    package var isSystem: Bool

    private enum CodingKeys: String, CodingKey {
        case id, username, email, roles, status
        case isSystem = "is_system"
    }
}

/// The roles a user may have.
package enum Role: String, CaseIterable, Codable, Sendable {
    case owner
    case templateAdmin = "template-admin"
    case member
}

extension Store {
    /// Adds an active member of the default organization. Throws ``StoreError`` of code `.nameTaken`.
    package func addUser(_ username: String, email: String = "", roles: [Role] = []) async throws -> User {
        try Name.requireLabel(username, of: "user")
        return try await StoreError.naming("user", username) {
            try await changing("users.add") { transaction in
                let rows = try await transaction.execute(
                    "users.add",
                    """
                    WITH added AS (
                        INSERT INTO users (username, email, rbac_roles)
                        VALUES (\(username), \(email), \(roles.map(\.rawValue)))
                        RETURNING id, username, email, rbac_roles, status, is_system
                    ), member AS (
                        INSERT INTO organization_members (organization_id, user_id)
                        SELECT o.id, added.id FROM organizations o, added WHERE o.is_default
                    )
                    SELECT * FROM added
                    """
                )
                return try User(rows.only())
            }
        }
    }

    /// Users that are not deleted, by name: those after a name, and at most that many, if given.
    package func users(after username: String? = nil, limit: Int? = nil) async throws -> [User] {
        let rows = try await pool.execute(
            Statement(
                "users.list",
                """
                SELECT id, username, email, rbac_roles, status, is_system FROM users
                WHERE NOT deleted AND (\(username) IS NULL OR lower(username) > lower(\(username)))
                ORDER BY lower(username) LIMIT \(limit)
                """
            )
        )
        return try rows.map(User.init)
    }
}

extension User {
    init(_ row: Row) throws {
        id = try row["id"]
        username = try row["username"]
        email = try row["email"]
        roles = try row["rbac_roles"]
        status = try row["status"]
        isSystem = try row["is_system"]
    }
}
