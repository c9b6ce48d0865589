// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Store

/// The caller of an operation.
package struct Caller: Hashable, Sendable {
    /// The name for audit fields and events.
    package let name: String
    /// `nil`: not a user of the database, but a holder of its credentials.
    package let userID: UserID?
    package let role: Role
    package let scopes: ScopeSet

    package init(name: String, userID: UserID?, role: Role, scopes: ScopeSet = .all) {
        self.name = name
        self.userID = userID
        self.role = role
        self.scopes = scopes
    }

    /// A holder of the database's credentials, who may see everything.
    package static func machine(_ name: String) -> Caller {
        Caller(name: name, userID: nil, role: .owner)
    }

    /// The holder of a token, with the highest role.
    package init(_ holder: TokenHolder) {
        self.init(holder.username, holder.userID, roles: holder.roles, scopes: holder.scopes)
    }

    /// The holder of a session, with the highest role.
    package init(_ holder: SessionHolder) {
        self.init(holder.username, holder.userID, roles: holder.roles, scopes: holder.scopes)
    }

    private init(_ name: String, _ user: UserID, roles: [String], scopes: [String]) {
        let roles = roles.compactMap(Role.init)
        self.init(
            name: name,
            userID: user,
            role: Role.allCases.first(where: roles.contains) ?? .member,
            scopes: ScopeSet(scopes)
        )
    }

    /// Whether the caller's role and scopes allow the route.
    package func may(_ route: Route) -> Bool {
        guard case .users(let role, let resource) = route.access else { return true }
        return has(role) && scopes.allows(resource, reading: route.isRead)
    }

    /// The unit of the rate limit: all tokens of a user count together; other callers go by their name.
    package enum Identity: Hashable, Sendable {
        case user(UserID)
        case machine(String)
    }

    /// Whom quotas and rate limits count the request for.
    package var identity: Identity { userID.map(Identity.user) ?? .machine(name) }

    /// Whether the role is sufficient.
    package func has(_ least: Role) -> Bool {
        role.rank >= least.rank
    }

    /// The workspaces and jobs that the caller may see.
    package var audience: Audience {
        guard let userID else { return .everything }
        return switch role {
        case .owner: .everything
        case .templateAdmin: .ownAndPools(userID)
        case .member: .own(userID)
        }
    }

    /// The given user, else the caller if that is a user.
    func named(_ user: String?) throws(Refusal) -> String {
        if let user { return user }
        guard userID != nil else { throw Refusal(.invalid, "No user is given", remedy: "Name the user.") }
        return name
    }

    /// The user to whom a caller without the role `owner` is restricted; `nil`: no restriction.
    package var confinedTo: UserID? { has(.owner) ? nil : userID }
}

extension Role {
    fileprivate var rank: Int {
        switch self {
        case .owner: 2
        case .templateAdmin: 1
        case .member: 0
        }
    }
}
