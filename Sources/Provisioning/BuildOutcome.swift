// SPDX-License-Identifier: Apache-2.0

/// What a successful build left behind.
package struct BuildOutcome: Sendable, Hashable {
    /// The state to keep; `nil` when nothing exists any more.
    package var state: [UInt8]?
    package var resources: [BuiltResource]
    /// Names of the agents that the build itself reported ready.
    package var agents: [String]
    /// What the plan of this build replaced.
    package var replacements: [Replacement]

    package init(
        state: [UInt8]? = nil,
        resources: [BuiltResource] = [],
        agents: [String] = [],
        replacements: [Replacement] = []
    ) {
        self.state = state
        self.resources = resources
        self.agents = agents
        self.replacements = replacements
    }
}

/// A resource that exists after a build.
package struct BuiltResource: Sendable, Hashable {
    package var type: String
    package var name: String
    /// The full address, such as `module.net.terraform_data.disk[0]`.
    package var address: String
    package var dailyCost: Int

    package init(type: String, name: String, address: String, dailyCost: Int = 0) {
        self.type = type
        self.name = name
        self.address = address
        self.dailyCost = dailyCost
    }
}

/// A resource that is destroyed and created anew by one build.
package struct Replacement: Sendable, Hashable {
    package var address: String
    /// Dotted paths of the attributes that force it; empty for a tainted or a forced one.
    package var paths: [String]
    /// Why, as the provisioner says it: `replace_because_tainted` and so on.
    package var reason: String

    package init(address: String, paths: [String] = [], reason: String = "") {
        self.address = address
        self.paths = paths
        self.reason = reason
    }
}
