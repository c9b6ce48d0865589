// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Operations
package import Store

/// Authenticates the bearer token of a request (RFC 6750).
package struct Authenticator: Sendable {
    private let store: Store
    /// A token of this process only, with its holder: the page's token of `stoker up`.
    private let own: (secret: TokenSecret, caller: Caller)?

    package init(store: Store, own: (secret: TokenSecret, caller: Caller)? = nil) {
        self.store = store
        self.own = own
    }

    /// The token of a request. Throws a problem when there is none.
    static func secret(_ headers: HTTPFields) throws(Problem) -> TokenSecret {
        guard let header = headers[.authorization] else {
            throw refusal(.unauthenticated, "There is no token.")
        }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= 512 else {
            throw refusal(.unauthenticated, "The header Authorization is not 'Bearer' and a token.")
        }
        return TokenSecret(String(parts[1]))
    }

    /// The holder of the token. Throws a problem when there is none, or the token has expired.
    func caller(_ secret: TokenSecret) async throws -> Caller {
        if let own = ownCaller(secret) { return own }
        guard let holder = try await store.tokenHolder(secret.hash), secret.matches(holder.hash) else {
            throw Self.refusal(.unauthenticated, "The token is not known, or was revoked.")
        }
        guard !holder.isExpired else { throw Self.refusal(.tokenExpired, "The token has expired.") }
        return Caller(holder)
    }

    /// The holder of the process's own token; `nil`: it is not that.
    func ownCaller(_ secret: TokenSecret) -> Caller? {
        own.flatMap { $0.secret.matches(secret.hash) ? $0.caller : nil }
    }

    private static func refusal(_ kind: ProblemKind, _ detail: String) -> Problem {
        Problem(
            kind,
            detail,
            remedy: "Make one with 'stoker tokens add', and send it as 'Authorization: Bearer TOKEN'.",
            headers: [.wwwAuthenticate: "Bearer realm=\"stoker\""]
        )
    }
}
