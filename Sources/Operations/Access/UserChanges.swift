// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Store

/// Disables a user: all tokens end at once.
package struct DisableUser: Operation {
    package var user: String

    package static let route = Route(.post, "/users/{user}/disable", .users, for: .owner)
        .doing("Disable a user: all tokens end at once")
        .noting("Workspaces stay. The last active owner cannot be disabled.")
        .taking(userField)
        .answering("The user, and how many tokens were revoked.", .one("ChangedUser"))

    package init(user: String) {
        self.user = user
    }

    package func perform(in context: OperationContext) async throws -> ChangedUser {
        try await context.store.disableUser(user)
    }
}

/// Makes a disabled user active again.
package struct EnableUser: Operation {
    package var user: String

    package static let route = Route(.post, "/users/{user}/enable", .users, for: .owner)
        .doing("Make a disabled user active again")
        .noting("Revoked tokens stay revoked.")
        .taking(userField)
        .answering("The user.", .one("ChangedUser"))

    package init(user: String) {
        self.user = user
    }

    package func perform(in context: OperationContext) async throws -> ChangedUser {
        try await context.store.enableUser(user)
    }
}

/// Gives a user other roles.
package struct SetUserRoles: Operation {
    package var user: String
    /// All roles besides `member`, which everybody has.
    package var roles: [Role]

    package static let route = Route(.post, "/users/{user}/roles", .users, for: .owner)
        .doing("Give a user these roles instead of the present ones")
        .noting("They hold from the next request on. The last active owner stays one.")
        .taking(
            userField,
            Field("roles", .choices(of: Role.self), "All of them; an empty list for a member.", required: true)
        )
        .answering("The user.", .one("ChangedUser"))

    package init(user: String, roles: [Role]) {
        self.user = user
        self.roles = roles
    }

    package func perform(in context: OperationContext) async throws -> ChangedUser {
        try await context.store.setRoles(roles, of: user)
    }
}

/// Removes a user with all tokens.
package struct RemoveUser: Operation {
    package var user: String
    /// Who gets the user's workspaces; without it, a user who owns some is not removed.
    package var workspacesTo: String?

    private enum CodingKeys: String, CodingKey {
        case user
        case workspacesTo = "workspaces_to"
    }

    package static let route = Route(.delete, "/users/{user}", .users, for: .owner)
        .doing("Remove a user with all tokens")
        .noting(
            """
            Refused while the user owns workspaces, unless `workspaces_to` says who gets them. The name is free again. The \
            last active owner cannot be removed.
            """
        )
        .taking(userField, Field("workspaces_to", .text(least: 1, most: 64), "Who gets the user's workspaces."))
        .answering("The user, and what went with them.", .one("ChangedUser"))

    package init(user: String, workspacesTo: String? = nil) {
        self.user = user
        self.workspacesTo = workspacesTo
    }

    package func perform(in context: OperationContext) async throws -> ChangedUser {
        try await context.store.removeUser(user, workspacesTo: workspacesTo)
    }
}

private let userField = Field("user", .text(least: 1, most: 64), "The user's name.", required: true)
