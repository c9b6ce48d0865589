// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Store

/// Who changed what and when, by command, API and console.
struct AuditPage: ConsolePage {
    static let path = "/audit"
    static let area = ConsoleArea.audit

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        let address = visit.address
        let actions = OperationTable.all.filter { !$0.route.isRead }.map(\.name).sorted()
        let (page, notice) = try await visit.list(
            ListAudit(
                since: address.since(visit.now),
                actor: address["actor"],
                action: address["action"].flatMap { actions.contains($0) ? $0 : nil },
                target: address["target"],
                limit: 100,
                cursor: address["cursor"]
            )
        )
        var list = ConsoleList(title: "Audit", table: .none)
        list.texts = [("actor", "Who"), ("target", "What")]
        list.choices = [
            .init(name: "action", label: "Did", options: [("", "anything")] + actions.map { ($0, $0) }),
            .times,
        ]
        list.above = notice
        list.table = Self.table(page.elements, visit)
        list.follow(page.next, at: address)
        return list.drawn(at: address)
    }

    private static func table(_ entries: [AuditEntry], _ visit: ConsoleVisit) -> Markup {
        var table = ConsoleTable(
            columns: [
                .init(title: "When", kind: "state"), .init(title: "Did", kind: "name"), .init(title: "To what"),
                .init(title: "Who"), .init(title: "By way of"), .init(title: "With", kind: "why"),
            ],
            empty: "Nothing that fits was changed."
        )
        table.rows = entries.map { entry in
            let details = entry.details.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            return ConsoleTable.Row(
                id: "entry-\(entry.id)",
                cells: [
                    visit.moment(entry.at), Markup(entry.action), Markup(entry.target), Markup(entry.actor),
                    Markup(entry.origin.text), Markup(details.joined(separator: "; ")),
                ]
            )
        }
        return table.drawn()
    }
}
