// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Store
package import Time

/// What passes decided about a pool, newest first, page by page.
package struct ListDecisions: PagedOperation {
    package typealias Element = PoolDecision

    /// `template/preset`
    package var target: String
    /// Older ones are left out.
    package var since: Instant?
    /// Those that are older than so many seconds are left out.
    package var last: Int?
    package var limit: Int?
    package var cursor: String?

    package static let route = Route(.get, "/pools/decisions", .pools, for: .templateAdmin)
        .doing("List what the reconciler decided about a pool and why, newest first")
        .noting("A decision is recorded when it differs from the one before.")
        .taking(
            [
                PoolNames.field,
                Field("since", .instant, "Older ones are left out."),
                Field("last", .integer(1...2_592_000), "Those that are older than so many seconds are left out."),
            ] + Cursor.fields
        )
        .answering("A page of decisions.", .page("PoolDecision"))

    package init(
        target: String,
        since: Instant? = nil,
        last: Int? = nil,
        limit: Int? = nil,
        cursor: String? = nil
    ) {
        self.target = target
        self.since = since
        self.last = last
        self.limit = limit
        self.cursor = cursor
    }

    package func perform(in context: OperationContext) async throws -> Page<PoolDecision> {
        let names = try PoolNames(target)
        let limit = limit ?? 100
        let mark = try cursor.map { cursor throws(Refusal) in
            guard let id = Int64(try Cursor.decode(cursor)) else {
                throw Refusal(.invalid, "The cursor is invalid", remedy: "Begin without a cursor.")
            }
            return id
        }
        var beginning = since
        if let last { beginning = try await context.store.now() - .seconds(last) }
        let found = try await context.store.decisions(
            template: names.template,
            preset: names.preset,
            before: mark,
            since: beginning,
            limit: limit + 1
        )
        if found.isEmpty { _ = try await context.pool(target) }
        let page = Array(found.prefix(limit))
        return Page(page, next: found.count > limit ? page.last.map { Cursor.encode("\($0.id)") } : nil)
    }
}
