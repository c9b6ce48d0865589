// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Store

/// Who asks.
package struct Caller: Hashable, Sendable {
    /// As audit fields and events name them.
    package let name: String
    /// `nil`: no user of the database, but whoever holds its credentials.
    package let userID: UserID?
    package let role: Role
    package let scopes: ScopeSet

    package init(name: String, userID: UserID?, role: Role, scopes: ScopeSet = .all) {
        self.name = name
        self.userID = userID
        self.role = role
        self.scopes = scopes
    }

    /// Whoever holds the database's credentials: nothing can be kept from them.
    package static func machine(_ name: String) -> Caller {
        Caller(name: name, userID: nil, role: .owner)
    }

    /// The holder of a token, with the highest of their roles.
    package init(_ holder: TokenHolder) {
        let roles = holder.roles.compactMap(Role.init)
        self.init(
            name: holder.username,
            userID: holder.userID,
            role: Role.allCases.first(where: roles.contains) ?? .member,
            scopes: ScopeSet(holder.scopes)
        )
    }

    /// Who is counted as one: all tokens of a user are theirs, and whoever is no user goes by their name.
    package enum Identity: Hashable, Sendable {
        case user(UserID)
        case machine(String)
    }

    package var identity: Identity { userID.map(Identity.user) ?? .machine(name) }

    /// Whether the role reaches so far.
    package func has(_ least: Role) -> Bool {
        role.rank >= least.rank
    }

    /// Whose workspaces and jobs the caller may know of.
    package var audience: Audience {
        guard let userID else { return .everything }
        return switch role {
        case .owner: .everything
        case .templateAdmin: .ownAndPools(userID)
        case .member: .own(userID)
        }
    }

    /// The user who is meant: the one named, else the caller, where they are one.
    func named(_ user: String?) throws(Refusal) -> String {
        if let user { return user }
        guard userID != nil else { throw Refusal(.invalid, "It is not said for whom", remedy: "Name the user.") }
        return name
    }

    /// The user whom a caller without the role `owner` is confined to; `nil`: all.
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
