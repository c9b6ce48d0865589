// SPDX-License-Identifier: Apache-2.0

/// The scopes of a token, which restrict its holder's role.
///
/// `all`; `read` for everything that only reads; a resource such as `workspaces`; or a resource for reading only, such
/// as `jobs:read`. An empty set does not restrict.
package struct ScopeSet: Hashable, Sendable {
    package let names: [String]

    package static let all = ScopeSet([])
    package static let reading = ScopeSet(["read"])

    package init(_ names: [String]) {
        self.names = names
    }

    /// All scopes.
    package static let known = ["all", "read"] + Resource.allCases.flatMap { ["\($0)", "\($0):read"] }

    /// Whether the scopes allow using the resource, or only reading it.
    package func allows(_ resource: Resource, reading: Bool) -> Bool {
        names.isEmpty || names.contains("all") || names.contains(resource.rawValue)
            || reading && (names.contains("read") || names.contains("\(resource.rawValue):read"))
    }

    /// Whether this set allows everything that the other one allows.
    package func contains(_ other: ScopeSet) -> Bool {
        Resource.allCases.allSatisfy { resource in
            [true, false].allSatisfy { reading in
                !other.allows(resource, reading: reading) || allows(resource, reading: reading)
            }
        }
    }
}
