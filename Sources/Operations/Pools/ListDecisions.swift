// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Store

/// What passes decided about a pool, newest first, page by page.
package struct ListDecisions: PagedOperation {
    package typealias Element = PoolDecision

    /// `template/preset`
    package var target: String
    package var limit: Int?
    package var cursor: String?

    package static let route = Route(.get, "/pools/decisions", .pools, for: .templateAdmin)
        .doing("List what the reconciler decided about a pool, newest first")
        .noting("A decision is recorded when it differs from the one before.")
        .taking(
            [
                Field(
                    "target",
                    .text(most: 200),
                    "The pool, as `template/preset`.",
                    required: true,
                    example: .text("go/eu")
                )
            ] + Cursor.fields
        )
        .answering("A page of decisions.", .page("PoolDecision"))

    package init(target: String, limit: Int? = nil, cursor: String? = nil) {
        self.target = target
        self.limit = limit
        self.cursor = cursor
    }

    package func perform(in context: OperationContext) async throws -> Page<PoolDecision> {
        let names = target.split(separator: "/", maxSplits: 1).map(String.init)
        guard names.count == 2 else {
            throw Refusal(.invalid, "'\(target)' is not a pool", remedy: "Write template/preset.")
        }
        let limit = limit ?? 100
        let last = try cursor.map { cursor throws(Refusal) in
            guard let id = Int64(try Cursor.decode(cursor)) else {
                throw Refusal(.invalid, "The cursor is invalid", remedy: "Begin without a cursor.")
            }
            return id
        }
        let found = try await context.store.decisions(
            template: names[0],
            preset: names[1],
            before: last,
            limit: limit + 1
        )
        let page = Array(found.prefix(limit))
        return Page(page, next: found.count > limit ? page.last.map { Cursor.encode("\($0.id)") } : nil)
    }
}
