// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTypes
package import Store
package import Time

/// Lists who changed what and when, newest first, page by page.
package struct ListAudit: PagedOperation {
    package typealias Element = AuditEntry

    package var since: Instant?
    package var until: Instant?
    /// Only changes by this user, or by whoever had this name on the machine of a command.
    package var actor: String?
    /// Only this operation.
    package var action: String?
    /// Only what changed this thing.
    package var target: String?
    package var limit: Int?
    package var cursor: String?

    package static let route = Route(.get, "/audit", .audit, for: .owner)
        .doing("List who changed what and when, newest first")
        .noting("There is an entry for every operation that changed anything, by command, API or page.")
        .taking(
            [
                Field("since", .instant, "Only changes since then."),
                Field("until", .instant, "Only changes before then."),
                Field("actor", .text(most: 255), "Only changes by this user."),
                Field("action", .text(most: 64), "Only this operation, by its name in this document."),
                Field(
                    "target",
                    .text(most: 255),
                    "Only changes of this thing; of a target such as `ada/dev`, a part is enough."
                ),
            ] + Cursor.fields
        )
        .answering("A page of entries.", .page("AuditEntry"))

    package init(
        since: Instant? = nil,
        until: Instant? = nil,
        actor: String? = nil,
        action: String? = nil,
        target: String? = nil,
        limit: Int? = nil,
        cursor: String? = nil
    ) {
        self.since = since
        self.until = until
        self.actor = actor
        self.action = action
        self.target = target
        self.limit = limit
        self.cursor = cursor
    }

    package func perform(in context: OperationContext) async throws -> Page<AuditEntry> {
        if let action { try Self.requireAction(action) }
        let limit = limit ?? 100
        let last = try cursor.map { cursor throws(Refusal) in try Cursor.number(cursor) }
        let selection = AuditSelection(since: since, until: until, actor: actor, action: action, target: target)
        let found = try await context.store.audit(selection, after: last, limit: limit + 1)
        let page = Array(found.prefix(limit))
        return Page(page, next: found.count > limit ? page.last.map { Cursor.encode("\($0.id)") } : nil)
    }

    private static func requireAction(_ name: String) throws(Refusal) {
        let actions = OperationTable.all.filter { !$0.route.isRead }.map(\.name)
        guard !actions.contains(name) else { return }
        let remedy =
            Suggestion.nearest(to: name, among: actions).map { "Did you mean '\($0)'?" }
            ?? "There are: \(actions.joined(separator: ", "))."
        throw Refusal(.notFound, "There is no action '\(name)'", remedy: remedy)
    }
}
