// SPDX-License-Identifier: Apache-2.0

import Operations
import Store

/// The templates, each with its active version.
struct TemplatesPage: ConsolePage {
    static let path = "/templates"
    static let area = ConsoleArea.templates

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        let templates = try await visit.ask(ListTemplates())
        let words = (visit.address["q"] ?? "").lowercased()
        let wanted = templates.filter { words.isEmpty || $0.name.lowercased().contains(words) }
        var list = ConsoleList(title: "Templates", table: .none)
        list.searchHint = "name"
        list.summary = wanted.count == templates.count ? "" : "\(wanted.count) of \(templates.count)"
        var table = ConsoleTable(
            columns: [
                .init(title: "State", kind: "state"), .init(title: "Template", kind: "name"),
                .init(title: "Active version"), .init(title: "Presets", kind: "number"), .init(title: "Provisioner"),
                .init(title: "Organization"), .init(title: "Cap", kind: "number"),
                .init(title: "Created", kind: "number"), .init(title: "Why", kind: "why"),
            ],
            empty: templates.isEmpty
                ? "There is no template. Push one: <code>stoker templates push DIR</code>" : "No template fits."
        )
        let opens = visit.may(ListTemplateVersions.self)
        table.rows = list.cut(wanted, at: visit.address).map { template in
            ConsoleTable.Row(
                id: "template-\(template.id)",
                cells: [
                    Self.state(template),
                    opens ? .link(template.name, ConsoleAddress.of("templates", template.name)) : Markup(template.name),
                    Markup(template.activeVersion), "\(template.presets)", Markup(template.provisioner),
                    Markup(template.organizationName), Markup(template.maxConcurrentBuilds.map { "\($0)" } ?? "–"),
                    visit.moment(template.createdAt), Markup(template.deprecated),
                ]
            )
        }
        list.table = table.drawn()
        return list.drawn(at: visit.address)
    }

    static func state(_ template: TemplateSummary) -> Markup {
        if !template.deprecated.isEmpty { return .pill("deprecated", .warn) }
        return template.activeVersion.isEmpty ? .pill("no version", .calm) : .pill("active", .good)
    }
}
