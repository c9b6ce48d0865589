// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Store

/// `stoker users`
struct UsersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users",
        abstract: "People who claim workspaces.",
        subcommands: [Add.self, List.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add an active member of the default organization."
        )

        @Argument(help: "What the user is called.")
        var name: String

        @Option(help: "Where notifications reach them.")
        var email = ""

        @Option(name: .customLong("role"), help: "What they may do besides being a member; may be repeated.")
        var roles: [Role] = []

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(AddUser(name: name, email: email, roles: roles)) {
                "Added the user \($0.username) (\($0.id))."
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the users.")

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(ListUsers())
        }
    }
}

extension Role: ExpressibleByArgument {}

extension User: TableRow {
    static let whenNone = "There are no users. Add one with 'stoker users add NAME'."

    static var columns: [Table.Column<Self>] {
        [
            .init("username") { $0.username },
            .init("email") { $0.email },
            .init("roles") { $0.roles.joined(separator: ", ") },
            .init("status") { $0.isSystem ? "system" : $0.status },
            .init("id") { "\($0.id)" },
        ]
    }
}
