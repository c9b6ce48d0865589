// SPDX-License-Identifier: Apache-2.0

import Domain
import Operations
import Store

/// One template: its versions, the newest first, and its pools.
struct TemplatePage: ConsolePage {
    static let path = "/templates/{template}"
    static let area = ConsoleArea.templates

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        let name = try visit.name("template")
        guard
            let template = try await visit.ask(ListTemplates()).first(where: {
                $0.name.lowercased() == name.lowercased()
            })
        else { throw Problem(.notFound, "There is no template '\(name)'.") }
        let versions = try await visit.ask(ListTemplateVersions(template: template.name))
        let notice: Markup =
            template.deprecated.isEmpty ? "" : "<p class=\"notice\">Deprecated: \(template.deprecated)</p>"
        let main: Markup = """
            <header class="head"><h1>\(template.name)</h1>\(TemplatesPage.state(template))\
            <div class="actions">\(Self.actions(template, visit))</div></header>\(notice)\
            \(Self.facts(template, visit))<section><h2>Versions</h2>\(Self.table(versions, template, visit))</section>
            """
        return PageContent(title: template.name, main: main)
    }

    private static func facts(_ template: TemplateSummary, _ visit: ConsoleVisit) -> Markup {
        .facts([
            ("Active version", Markup(template.activeVersion.isEmpty ? "–" : template.activeVersion)),
            (
                "Pools",
                .link("\(template.presets) presets", ConsoleAddress("/pools", [("template", template.name)]).text)
            ),
            ("Provisioner", Markup(template.provisioner)), ("Organization", Markup(template.organizationName)),
            ("Builds at once", Markup(template.maxConcurrentBuilds.map { "\($0)" } ?? "no cap")),
            ("Created", visit.moment(template.createdAt)), ("Id", .identifier("\(template.id)")),
        ])
    }

    private static func actions(_ template: TemplateSummary, _ visit: ConsoleVisit) -> Markup {
        let name = [(name: "template", value: template.name)]
        let cap = visit.form(
            SetTemplate.self,
            "Cap its builds",
            name,
            inputs: [.init(name: "max_concurrent_builds", label: "Builds at once", kind: .number, isRequired: true)],
            done: "The cap holds from the next job on."
        )
        let uncap =
            template.maxConcurrentBuilds == nil
            ? Markup.none
            : visit.form(
                SetTemplate.self,
                "Take the cap away",
                name + [("unset", "max_concurrent_builds")],
                done: "There is no cap."
            )
        let pause = visit.form(
            PausePrebuilds.self,
            "Pause its pools",
            name,
            inputs: [ConsoleVisit.until("until")],
            done: "Its pools are paused."
        )
        let resume = visit.form(ResumePrebuilds.self, "Resume its pools", name, done: "Its pools are kept again.")
        let deprecate =
            template.deprecated.isEmpty
            ? visit.form(
                DeprecateTemplate.self,
                "Deprecate",
                name,
                inputs: [.init(name: "message", label: "What people read who want to claim it")],
                question: "Nobody can claim it any more, and its pools are emptied. Workspaces of people stay.",
                done: "The template is deprecated.",
                isDangerous: true
            )
            : visit.form(
                DeprecateTemplate.self,
                "Offer it again",
                name + [("undo", "true")],
                done: "The template is offered again."
            )
        let delete = visit.form(
            DeleteTemplate.self,
            "Delete",
            name,
            question: "The template and its pools go. It is refused while people have workspaces of it.",
            done: "The template is deleted.",
            next: "/templates",
            isDangerous: true
        )
        return "\(pause)\(resume)\(cap)\(uncap)\(deprecate)\(delete)"
    }

    private static func table(
        _ versions: [TemplateVersionSummary],
        _ template: TemplateSummary,
        _ visit: ConsoleVisit
    ) -> Markup {
        var table = ConsoleTable(
            columns: [
                .init(title: "State", kind: "state"), .init(title: "Version", kind: "name"), .init(title: "Message"),
                .init(title: "Presets", kind: "number"), .init(title: "Workspaces", kind: "number"),
                .init(title: "Pushed", kind: "number"), .init(title: "Id", kind: "number"),
                .init(title: "Error", kind: "why"), .init(title: "", kind: "does"),
            ],
            empty: "It has no version."
        )
        let active = versions.first(where: \.isActive)
        table.rows = versions.map { version in
            let isOlder = active.map { version.createdAt < $0.createdAt } ?? false
            let promote =
                version.isActive || version.status != .succeeded
                ? Markup.none
                : visit.form(
                    PromoteTemplateVersion.self,
                    isOlder ? "Roll back to it" : "Promote",
                    [("template", template.name), ("version", "\(version.id)")],
                    question:
                        "\(version.name) becomes the active version: new claims get it, and the pools are built anew.",
                    done: "\(version.name) is the active version."
                )
            return ConsoleTable.Row(
                id: "version-\(version.id)",
                cells: [
                    version.isActive ? .pill("active", .good) : .pill(version.status.text, JobTone.of(version.status)),
                    Markup(version.name), Markup(version.message), "\(version.presets)", "\(version.workspaces)",
                    visit.moment(version.createdAt), .identifier("\(version.id)"), Markup(version.error), promote,
                ]
            )
        }
        return table.drawn()
    }
}
