// SPDX-License-Identifier: Apache-2.0

import Operations
import Store

/// Users, their tokens and the organizations; for members their own tokens.
struct PeoplePage: ConsolePage {
    static let path = "/people"
    static let area = ConsoleArea.people

    func content(_ visit: ConsoleVisit) async throws -> PageContent {
        let users =
            visit.may(ListUsers.self)
            ? try await visit.ask(ListUsers(limit: 200, cursor: visit.address["cursor"])) : nil
        let tokens = try await visit.ask(ListTokens())
        let organizations = visit.may(ListOrganizations.self) ? try await visit.ask(ListOrganizations()) : []
        let title = users == nil ? "Your tokens" : "People"
        var sections: [Markup] = []
        if let users {
            var more: Markup = ""
            if let next = users.next {
                more = "<p><a class=\"button\" href=\"\(visit.address.with("cursor", next).text)\">Next</a></p>"
            }
            sections.append("<section><h2>Users</h2>\(Self.table(users.elements, visit))\(more)</section>")
        }
        sections.append("<section><h2>Tokens</h2>\(Self.table(tokens, visit))</section>")
        if !organizations.isEmpty {
            sections.append("<section><h2>Organizations</h2>\(Self.table(organizations, visit))</section>")
        }
        let main: Markup = """
            <header class="head"><h1>\(title)</h1><div class="actions">\(Self.actions(visit))</div></header>\(sections)
            """
        return PageContent(title: title, main: main)
    }

    private static func actions(_ visit: ConsoleVisit) -> Markup {
        let user = visit.form(
            AddUser.self,
            "Add a user",
            inputs: [
                .init(name: "name", label: "Name", isRequired: true), .init(name: "email", label: "Mail"),
                .init(name: "roles", label: "Role", kind: .choice(roles)),
            ],
            done: "The user is added."
        )
        var inputs: [ConsoleForm.Input] = [
            .init(name: "name", label: "Name", isRequired: true, hint: "What it is for."),
            .init(
                name: "scopes",
                label: "It may",
                kind: .choice([("", "all that its user may"), ("read", "read"), ("workspaces", "use workspaces")])
            ),
            .init(
                name: "expires_in",
                label: "It ends",
                kind: .choice([
                    ("2592000", "after 30 days"), ("7776000", "after 90 days"), ("86400", "after a day"), ("", "never"),
                ])
            ),
        ]
        if visit.caller.has(.owner) {
            let name = visit.caller.userID == nil ? "" : visit.caller.name
            inputs.insert(.init(name: "user", label: "User", value: name, isRequired: true), at: 0)
        }
        let token = visit.form(AddToken.self, "Make a token", inputs: inputs, showsAnswer: true)
        let organization = visit.form(
            AddOrganization.self,
            "Add an organization",
            inputs: [
                .init(name: "name", label: "Name", isRequired: true), .init(name: "display_name", label: "In words"),
            ],
            done: "The organization is added."
        )
        return "\(user)\(token)\(organization)"
    }

    private static let roles = [("member", "member"), ("template-admin", "template-admin"), ("owner", "owner")]

    private static func table(_ users: [User], _ visit: ConsoleVisit) -> Markup {
        var table = ConsoleTable(
            columns: [
                .init(title: "State", kind: "state"), .init(title: "User", kind: "name"), .init(title: "Roles"),
                .init(title: "Mail"), .init(title: "Id", kind: "number"), .init(title: "", kind: "does"),
            ],
            empty: "There are no users."
        )
        table.rows = users.map { user in
            let roles = user.roles.isEmpty ? "member" : user.roles.joined(separator: ", ")
            return ConsoleTable.Row(
                id: "user-\(user.id)",
                cells: [
                    user.isSystem
                        ? .pill("system", .calm) : .pill(user.status, user.status == "active" ? .good : .warn),
                    Markup(user.username), Markup(user.isSystem ? "–" : roles), Markup(user.email),
                    .identifier("\(user.id)"), user.isSystem ? .none : actions(user, visit),
                ]
            )
        }
        return table.drawn()
    }

    private static func actions(_ user: User, _ visit: ConsoleVisit) -> Markup {
        let name = [(name: "user", value: user.username)]
        let role = visit.form(
            SetUserRoles.self,
            "Role",
            name,
            inputs: [.init(name: "roles", label: "Role", kind: .choice(roles), value: user.roles.first ?? "member")],
            done: "The role holds from the next request on."
        )
        let change =
            user.status == "active"
            ? visit.form(
                DisableUser.self,
                "Disable",
                name,
                question: "Tokens and sessions of \(user.username) end at once. Workspaces stay.",
                done: "The user is disabled.",
                isDangerous: true
            )
            : visit.form(EnableUser.self, "Enable", name, done: "The user is enabled.")
        return "<div class=\"actions\">\(role)\(change)</div>"
    }

    private static func table(_ tokens: [APIToken], _ visit: ConsoleVisit) -> Markup {
        var table = ConsoleTable(
            columns: [
                .init(title: "State", kind: "state"), .init(title: "Token", kind: "name"), .init(title: "User"),
                .init(title: "May"), .init(title: "Last used", kind: "number"), .init(title: "Ends", kind: "number"),
                .init(title: "Id", kind: "number"), .init(title: "", kind: "does"),
            ],
            empty: "There are no tokens."
        )
        table.rows = tokens.prefix(500).map { token in
            let isOver = token.expiresAt.map { $0 <= visit.now } ?? false
            return ConsoleTable.Row(
                id: "token-\(token.id)",
                cells: [
                    isOver ? .pill("expired", .calm) : .pill("valid", .good), Markup(token.name),
                    Markup(token.username),
                    Markup(token.scopes.isEmpty ? "all that its user may" : token.scopes.joined(separator: ", ")),
                    token.lastUsedAt == nil ? "never" : visit.moment(token.lastUsedAt),
                    token.expiresAt == nil ? "never" : visit.moment(token.expiresAt), .identifier("\(token.id)"),
                    visit.form(
                        RevokeToken.self,
                        "Revoke",
                        [("token", "\(token.id)")],
                        question: "The token \(token.name) and the sessions that began with it end at once.",
                        done: "The token is revoked.",
                        isDangerous: true
                    ),
                ]
            )
        }
        return table.drawn()
    }

    private static func table(_ organizations: [Organization], _ visit: ConsoleVisit) -> Markup {
        var table = ConsoleTable(columns: [
            .init(title: "Organization", kind: "name"), .init(title: "Templates", kind: "number"),
            .init(title: "Running", kind: "number"), .init(title: "Cap", kind: "number"),
            .init(title: "Prebuilds", kind: "number"), .init(title: "Quota", kind: "number"),
            .init(title: "", kind: "does"),
        ])
        table.rows = organizations.map { organization in
            ConsoleTable.Row(
                id: "organization-\(organization.id)",
                cells: [
                    Markup(organization.name), "\(organization.templates)", "\(organization.running)",
                    Markup(organization.maxConcurrentBuilds.map { "\($0)" } ?? "none"), "\(organization.prebuilds)",
                    Markup(organization.prebuildQuota.map { "\($0)" } ?? "none"),
                    visit.form(
                        SetOrganization.self,
                        "Change",
                        [("organization", organization.name)],
                        inputs: [
                            .init(name: "max_concurrent_builds", label: "Builds at once", kind: .number),
                            .init(name: "prebuild_quota", label: "Prebuilds at most", kind: .number),
                        ],
                        done: "The limits are changed."
                    ),
                ]
            )
        }
        return table.drawn()
    }
}
