// SPDX-License-Identifier: Apache-2.0

package import Domain
import HTTPTypes
package import Store

/// Lists tokens: the caller's own, and for owners everybody's.
package struct ListTokens: Operation {
    package static let route = Route(.get, "/tokens", .tokens, for: .member)
        .doing("List the caller's tokens; for `owner`, all")
        .answering("Tokens by user and name; the secrets themselves are not shown.", .list("Token"))

    package init() {}

    package func perform(in context: OperationContext) async throws -> [APIToken] {
        try await context.store.tokens(of: context.caller.confinedTo)
    }
}

/// Makes a token, which is shown once: only its hash is stored.
package struct AddToken: Operation {
    package var name: String
    /// The holder; `nil`: the caller.
    package var user: String?
    /// The scopes; an empty list does not restrict.
    package var scopes: [String]?
    /// The life time in seconds; `nil`: it never expires.
    package var lifetime: Int?

    private enum CodingKeys: String, CodingKey {
        case name, user, scopes
        case lifetime = "expires_in"
    }

    package static let route = Route(.post, "/tokens", .tokens, for: .member)
        .doing("Make a token")
        .noting(
            """
            ; only `owner` makes one for others. A token that is narrowed by scopes makes none that may do more. The token \
            is shown in this answer and never again.
            """
        )
        .taking(
            Field("name", .text(most: 64), required: true),
            Field("user", .text(most: 64), "Default: the caller."),
            Field("scopes", .choices(ScopeSet.known)),
            Field("expires_in", .integer(1...315_360_000), "Seconds. Default: it never expires.")
        )
        .answering("The token.", .one("NewToken"), status: .created)

    package init(name: String, user: String? = nil, scopes: [String]? = nil, lifetime: Int? = nil) {
        self.name = name
        self.user = user
        self.scopes = scopes
        self.lifetime = lifetime
    }

    package func auditTarget(for caller: Caller) -> String? { "\(user ?? caller.name)/\(name)" }

    package func perform(in context: OperationContext) async throws -> NewToken {
        let caller = context.caller
        let user = try caller.named(user)
        guard caller.has(.owner) || user.lowercased() == caller.name.lowercased() else {
            throw Refusal(.forbidden, "Only the role 'owner' may make tokens for others", remedy: "Make your own.")
        }
        guard caller.scopes.contains(ScopeSet(scopes ?? [])) else {
            throw Refusal(
                .forbidden,
                "A token cannot make a token with more scopes",
                remedy: "Name scopes within \(caller.scopes.names.joined(separator: ", "))."
            )
        }
        let secret = TokenSecret.random()
        let token = try await context.store.addToken(
            name,
            for: user,
            hash: secret.hash,
            scopes: scopes ?? [],
            validFor: lifetime.map { .seconds($0) },
            most: context.tokensPerUser()
        )
        return NewToken(token: token, secret: secret.text)
    }
}

/// Revokes a token at once.
package struct RevokeToken: Operation {
    package var token: TokenID

    package static let route = Route(.delete, "/tokens/{token}", .tokens, for: .member)
        .doing("Revoke a token at once")
        .noting(", of their own; for `owner`, any.")
        .taking(Field("token", .identifier, "Its id.", required: true))
        .answeringNothing("The token is revoked.")

    package init(token: TokenID) {
        self.token = token
    }

    package func perform(in context: OperationContext) async throws -> NoContent {
        try await context.store.revokeToken(token, of: context.caller.confinedTo)
        return NoContent()
    }
}

/// A new token with its text, which is never shown again.
package struct NewToken: Hashable, Sendable, Codable {
    package let token: APIToken
    package let secret: String

    package init(token: APIToken, secret: String) {
        self.token = token
        self.secret = secret
    }

    private enum CodingKeys: String, CodingKey {
        case token
    }

    package init(from decoder: any Decoder) throws {
        token = try APIToken(from: decoder)
        secret = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .token)
    }

    /// The members of lists, and `token`, the text.
    package func encode(to encoder: any Encoder) throws {
        try token.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(secret, forKey: .token)
    }
}
