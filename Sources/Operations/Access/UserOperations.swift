// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
package import Store

/// Lists users by name, page by page.
package struct ListUsers: PagedOperation {
    package typealias Element = User

    package var limit: Int?
    package var cursor: String?

    package static let route = Route(.get, "/users", .users, for: .owner)
        .doing("List the users")
        .taking(Cursor.fields)
        .answering("A page of users by name.", .page("User"))

    package init(limit: Int? = nil, cursor: String? = nil) {
        self.limit = limit
        self.cursor = cursor
    }

    package func perform(in context: OperationContext) async throws -> Page<User> {
        let limit = limit ?? 1000
        let last = try cursor.map { cursor throws(Refusal) in try Cursor.decode(cursor) }
        let found = try await context.store.users(after: last, limit: limit + 1)
        let page = Array(found.prefix(limit))
        return Page(page, next: found.count > limit ? page.last.map { Cursor.encode($0.username) } : nil)
    }
}

/// Adds an active member of the default organization.
package struct AddUser: Operation {
    package var name: String
    package var email: String?
    /// Roles besides `member`.
    package var roles: [Role]?

    package static let route = Route(.post, "/users", .users, for: .owner)
        .doing("Add an active member of the default organization")
        .taking(
            Field("name", .text(most: 32), required: true),
            Field("email", .text(most: 254)),
            Field("roles", .choices(of: Role.self))
        )
        .answering("The user.", .one("User"), status: .created)

    package init(name: String, email: String? = nil, roles: [Role]? = nil) {
        self.name = name
        self.email = email
        self.roles = roles
    }

    package func perform(in context: OperationContext) async throws -> User {
        try await context.store.addUser(name, email: email ?? "", roles: roles ?? [])
    }
}
