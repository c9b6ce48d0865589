// SPDX-License-Identifier: Apache-2.0

package import Domain
import PostgresClient

/// Who is signed in with a session of a browser.
package struct SessionHolder: Hashable, Sendable {
    package var userID: UserID
    package var username: String
    package var roles: [String]
    /// Those of the token that was signed in with; empty: no restriction.
    package var scopes: [String]
}

extension Store {
    /// Begins a session for the holder of a valid token; returns whether there is one. The session ends with its token.
    ///
    /// - Parameters:
    ///   - hash: SHA-256 of the session's text.
    ///   - token: SHA-256 of the token.
    package func beginSession(_ hash: [UInt8], token: [UInt8], lasting: Duration) async throws -> Bool {
        let begun = try await pool.execute(
            "sessions.begin",
            within: .seconds(5),
            """
            WITH ended AS (
                DELETE FROM sessions WHERE expires_at <= now()
            )
            INSERT INTO sessions (hash, user_id, token_id, expires_at)
            SELECT \(hash), a.user_id, a.id, least(a.expires_at, now() + make_interval(secs => \(lasting.inSeconds)))
            FROM api_tokens a JOIN users u ON u.id = a.user_id
            WHERE a.token_hash = \(token) AND \(sql: .mayAct()) AND coalesce(a.expires_at > now(), true)
            RETURNING user_id
            """
        )
        return !begun.isEmpty
    }

    /// The holder of the session with this hash; `nil`: there is none, it has expired, its token was revoked or has
    /// expired, or its user may not act any more. Records the use of the token, at most once a minute.
    package func session(_ hash: [UInt8]) async throws -> SessionHolder? {
        let rows = try await pool.execute(
            Statement(
                "sessions.authenticate",
                within: .seconds(5),
                """
                WITH holder AS (
                    SELECT u.id, u.username, u.rbac_roles, coalesce(a.scopes, '{}') AS scopes, a.id AS token_id,
                        a.last_used_at
                    FROM sessions s JOIN users u ON u.id = s.user_id LEFT JOIN api_tokens a ON a.id = s.token_id
                    WHERE s.hash = \(hash) AND s.expires_at > now() AND \(sql: .mayAct())
                        AND (s.token_id IS NULL OR a.id IS NOT NULL AND coalesce(a.expires_at > now(), true))
                ), noted AS (
                    UPDATE api_tokens a SET last_used_at = now() FROM holder h
                    WHERE a.id = h.token_id AND coalesce(h.last_used_at < now() - interval '1 minute', true)
                )
                SELECT id, username, rbac_roles, scopes FROM holder
                """
            )
        )
        return try rows.first.map { row in
            SessionHolder(
                userID: try row["id"],
                username: try row["username"],
                roles: try row["rbac_roles"],
                scopes: try row["scopes"]
            )
        }
    }

    /// Ends a session at once, if there is one.
    package func endSession(_ hash: [UInt8]) async throws {
        _ = try await pool.execute(
            Statement("sessions.end", within: .seconds(5), "DELETE FROM sessions WHERE hash = \(hash)")
        )
    }
}
