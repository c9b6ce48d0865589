// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient
package import Time

/// An API token as lists show it, without the token itself.
package struct APIToken: Hashable, Sendable, Codable {
    package var id: TokenID
    package var name: String
    package var username: String
    package var scopes: [String]
    package var createdAt: Instant
    /// `nil`: it never expires.
    package var expiresAt: Instant?
    /// To the minute; `nil`: never.
    package var lastUsedAt: Instant?

    private enum CodingKeys: String, CodingKey {
        case id, name, username, scopes
        case createdAt = "created_at"
        case expiresAt = "expires_at"
        case lastUsedAt = "last_used_at"
    }
}

/// The holder of a token.
package struct TokenHolder: Hashable, Sendable {
    package var tokenID: TokenID
    /// SHA-256 of the token, as it is stored.
    package var hash: [UInt8]
    package var userID: UserID
    package var username: String
    package var roles: [String]
    package var scopes: [String]
    /// By the database's clock.
    package var isExpired: Bool
}

extension Store {
    /// Stores a token's hash for an active user. Throws ``StoreError`` of code `.notFound`, and of `.conflict` when the
    /// user has the maximum number of tokens.
    ///
    /// - Parameter most: How many tokens a user may have. Expired ones are removed when there is no room left.
    package func addToken(
        _ name: String,
        for username: String,
        hash: [UInt8],
        scopes: [String],
        validFor lifetime: Duration?,
        most: Int = .max
    ) async throws -> APIToken {
        try Name.requireLabel(name, of: "token", most: 64)
        return try await changing("tokens.add") { transaction in
            // Two at once count one after the other: the second statement sees what was committed while it waited.
            let answers = try await transaction.executeBatch([
                Statement(
                    "tokens.lock_holder",
                    "SELECT id FROM users WHERE lower(username) = lower(\(username)) FOR NO KEY UPDATE"
                ),
                Statement(
                    "tokens.add",
                    """
                    WITH holder AS (
                        SELECT u.id, u.username FROM users u WHERE \(sql: .isUser(named: username)) AND \(sql: .mayAct())
                    ), held AS (
                        SELECT count(*) AS tokens FROM api_tokens a JOIN holder h ON h.id = a.user_id
                    ), expired AS (
                        DELETE FROM api_tokens a USING holder h, held
                        WHERE a.user_id = h.id AND a.expires_at <= now() AND held.tokens >= \(most) RETURNING a.id
                    ), added AS (
                        INSERT INTO api_tokens (user_id, name, token_hash, scopes, expires_at)
                        SELECT id, \(name), \(hash), \(scopes), now() + make_interval(secs => \(lifetime?.inSeconds))
                        FROM holder, held WHERE held.tokens - (SELECT count(*) FROM expired) < \(most) RETURNING *
                    )
                    SELECT a.id, a.name, h.username, a.scopes, a.created_at, a.expires_at, a.last_used_at
                    FROM holder h LEFT JOIN added a ON true
                    """
                ),
            ])
            guard let row = answers[1].first else {
                let remedy = "Add one with 'stoker users add'."
                try await requireOwner(username, visibleTo: .everything, remedy: remedy)
                throw StoreError.notFound("user", username, remedy: remedy)
            }
            guard try row["id"] as TokenID? != nil else {
                throw StoreError(
                    .conflict,
                    "'\(username)' has \(most) tokens, and may have no more",
                    remedy: "Revoke an unused one: see 'stoker tokens list'."
                )
            }
            return try APIToken(row)
        }
    }

    /// Tokens by user and name, expired ones too; of one user, if given.
    package func tokens(of user: UserID? = nil) async throws -> [APIToken] {
        try await pool.execute(
            Statement(
                "tokens.list",
                """
                SELECT a.id, a.name, u.username, a.scopes, a.created_at, a.expires_at, a.last_used_at
                FROM api_tokens a JOIN users u ON u.id = a.user_id
                WHERE \(user)::uuid IS NULL OR a.user_id = \(user)
                ORDER BY lower(u.username), a.name, a.created_at, a.id
                """
            )
        ).map(APIToken.init)
    }

    /// Revokes a token at once. Throws ``StoreError`` of code `.notFound`, also for a token of another user than the
    /// given one.
    package func revokeToken(_ token: TokenID, of user: UserID? = nil) async throws {
        try await changing("tokens.revoke") { transaction in
            let removed = try await transaction.execute(
                Statement(
                    "tokens.revoke",
                    """
                    DELETE FROM api_tokens WHERE id = \(token) AND (\(user)::uuid IS NULL OR user_id = \(user)) RETURNING id
                    """
                )
            )
            guard !removed.isEmpty else {
                throw StoreError.notFound("token", "\(token)", remedy: "See 'stoker tokens list'.")
            }
        }
    }

    /// The holder of the token with this hash; `nil`: none, or a user who is no longer active. Records the use, at most
    /// once a minute.
    package func tokenHolder(_ hash: [UInt8]) async throws -> TokenHolder? {
        let rows = try await pool.execute(
            Statement(
                "tokens.authenticate",
                within: .seconds(5),
                """
                WITH holder AS (
                    SELECT a.id, a.token_hash, a.user_id, u.username, u.rbac_roles, a.scopes,
                        coalesce(a.expires_at <= now(), false) AS expired, a.last_used_at
                    FROM api_tokens a JOIN users u ON u.id = a.user_id
                    WHERE a.token_hash = \(hash) AND \(sql: .mayAct())
                ), noted AS (
                    UPDATE api_tokens a SET last_used_at = now() FROM holder h
                    WHERE a.id = h.id AND NOT h.expired
                        AND coalesce(h.last_used_at < now() - interval '1 minute', true)
                )
                SELECT id, token_hash, user_id, username, rbac_roles, scopes, expired FROM holder
                """
            )
        )
        return try rows.first.map { row in
            TokenHolder(
                tokenID: try row["id"],
                hash: try row["token_hash"],
                userID: try row["user_id"],
                username: try row["username"],
                roles: try row["rbac_roles"],
                scopes: try row["scopes"],
                isExpired: try row["expired"]
            )
        }
    }
}

extension APIToken {
    fileprivate init(_ row: Row) throws {
        id = try row["id"]
        name = try row["name"]
        username = try row["username"]
        scopes = try row["scopes"]
        createdAt = try row["created_at"]
        expiresAt = try row["expires_at"]
        lastUsedAt = try row["last_used_at"]
    }
}
