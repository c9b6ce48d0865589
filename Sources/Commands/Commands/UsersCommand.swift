// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Store

/// `stoker users`
struct UsersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users",
        abstract: "Add, list, disable and remove users, and give them roles.",
        subcommands: [Add.self, List.self, SetRoles.self, Disable.self, Enable.self, Remove.self]
    )

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add an active member of the default organization."
        )

        @Argument(help: "The user's name.")
        var name: String

        @Option(help: "The user's email address.")
        var email = ""

        @Option(name: .customLong("role"), help: "A role besides member; may be repeated.")
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
