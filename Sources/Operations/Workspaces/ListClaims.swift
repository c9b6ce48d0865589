// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Store

/// A user's claims, newest first.
package struct ListClaims: PagedOperation {
    package typealias Element = PastClaim

    /// The claimant; `nil`: the caller.
    package var owner: String?
    package var limit: Int?
    package var cursor: String?

    package static let route = Route(.get, "/claims", .workspaces, for: .member)
        .doing("List a user's claims, newest first")
        .noting(", their own; for `owner` those of whoever is named.")
        .taking([Field("owner", .text(most: 64), "A user. Default: the caller.")] + Cursor.fields)
        .answering("A page of claims.", .page("PastClaim"))

    package func perform(in context: OperationContext) async throws -> Page<PastClaim> {
        let caller = context.caller
        let owner = try caller.named(owner)
        guard caller.has(.owner) || owner.lowercased() == caller.name.lowercased() else {
            throw Refusal(.forbidden, "Only the role 'owner' may list the claims of others", remedy: "List your own.")
        }
        return try await Cursor.page(limit, cursor) { mark, limit in
            try await context.store.claims(of: owner, after: mark, limit: limit)
        } mark: {
            PageMark(createdAt: $0.createdAt, id: $0.id)
        }
    }
}
