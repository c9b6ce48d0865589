// SPDX-License-Identifier: Apache-2.0

/// What a token may be used for, within what its holder may do.
///
/// `all`; `read` for everything that changes nothing; a resource such as `workspaces`; or a resource to be read only, such
/// as `jobs:read`. No scopes narrow nothing.
package struct ScopeSet: Hashable, Sendable {
    package let names: [String]

    package static let all = ScopeSet([])
    package static let reading = ScopeSet(["read"])

    package init(_ names: [String]) {
        self.names = names
    }

    /// Every scope there is.
    package static let known = ["all", "read"] + Resource.allCases.flatMap { ["\($0)", "\($0):read"] }

    package func allows(_ resource: Resource, reading: Bool) -> Bool {
        names.isEmpty || names.contains("all") || names.contains(resource.rawValue)
            || reading && (names.contains("read") || names.contains("\(resource.rawValue):read"))
    }

    /// Whether everything that the other allows is allowed by this one too.
    package func contains(_ other: ScopeSet) -> Bool {
        Resource.allCases.allSatisfy { resource in
            [true, false].allSatisfy { reading in
                !other.allows(resource, reading: reading) || allows(resource, reading: reading)
            }
        }
    }
}
