// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Operations
import Store

extension UsersCommand {
    /// `stoker users disable`
    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Disable a user: all tokens end at once.",
            discussion:
                "Nothing more is claimed in that name. Workspaces are stopped, and stay. 'stoker users enable' undoes it."
        )

        @Argument(help: "The user's name.")
        var name: String

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(DisableUser(user: name)) {
                "The user \($0.user.username) is disabled; \(Count.of("token", $0.tokensRevoked)) ended."
            }
        }
    }

    /// `stoker users enable`
    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a disabled user active again. Revoked tokens stay revoked."
        )

        @Argument(help: "The user's name.")
        var name: String

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(EnableUser(user: name)) { "The user \($0.user.username) is active." }
        }
    }

    /// `stoker users role`
    struct SetRoles: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "role",
            abstract: "Give a user these roles instead of the present ones.",
            discussion:
                "They hold from the next request on. Everybody is a member; 'member' alone takes the others away."
        )

        @Argument(help: "The user's name.")
        var name: String

        @Argument(help: "The roles: \(Role.allCases.map(\.rawValue).joined(separator: ", ")).")
        var roles: [Role]

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(SetUserRoles(user: name, roles: roles)) { changed in
                let roles = changed.user.roles.isEmpty ? "member" : changed.user.roles.joined(separator: ", ")
                return "The user \(changed.user.username) is now: \(roles)."
            }
        }
    }

    /// `stoker users remove`
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove a user with all tokens; refused while the user owns workspaces.",
            discussion: """
                With --workspaces-to another user gets the workspaces: builds under way end as they began, and the next build \
                of each has the new owner. What the user did stays recorded, and the name is free again.
                """
        )

        @Argument(help: "The user's name.")
        var name: String

        @Option(help: "Who gets the user's workspaces.")
        var workspacesTo: String?

        @OptionGroup var control: ReportOptions

        func run() async throws {
            try await control.report(RemoveUser(user: name, workspacesTo: workspacesTo)) { removed in
                let moved = Count.of("workspace", removed.workspacesMoved)
                let heir = removed.workspacesMoved == 0 ? "" : ", and \(moved) went to \(workspacesTo ?? "")"
                return
                    "Removed the user \(removed.user.username); \(Count.of("token", removed.tokensRevoked)) ended\(heir)."
            }
        }
    }
}

/// A number with its noun.
private enum Count {
    static func of(_ noun: String, _ count: Int) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
