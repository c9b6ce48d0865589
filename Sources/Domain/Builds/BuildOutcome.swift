// SPDX-License-Identifier: Apache-2.0

/// The result of a build.
package struct BuildOutcome: Sendable, Hashable {
    /// The state to store; `nil` if nothing exists any more, or if nothing is newer than the last checkpoint.
    package var state: [UInt8]?
    package var resources: [BuiltResource]
    /// Names of the agents that the build itself reported ready; other agents report themselves.
    package var agents: [String]
    /// What the plan of this build replaced.
    package var replacements: [Replacement]
    /// What the build gives to the owner, by name.
    package var outputs: [BuildOutput]
    /// What a claim would do, when this build has rehearsed one.
    package var rehearsal: Rehearsal?
    /// What the workspace's agent runs; `nil`: the template does not say.
    package var manifest: AgentManifest?

    package init(
        state: [UInt8]? = nil,
        resources: [BuiltResource] = [],
        agents: [String] = [],
        replacements: [Replacement] = [],
        outputs: [BuildOutput] = [],
        rehearsal: Rehearsal? = nil,
        manifest: AgentManifest? = nil
    ) {
        self.rehearsal = rehearsal
        self.manifest = manifest
        self.state = state
        self.resources = resources
        self.agents = agents
        self.replacements = replacements
        self.outputs = outputs
    }
}

/// A resource that exists after a build.
package struct BuiltResource: Sendable, Hashable, Codable {
    package var type: String
    package var name: String
    /// The full address, such as `module.net.terraform_data.disk[0]`.
    package var address: String
    package var dailyCost: Int

    package init(type: String, name: String, address: String, dailyCost: Int = 0) {
        self.type = type.storable
        self.name = name.storable
        self.address = address.storable
        self.dailyCost = dailyCost
    }

    private enum CodingKeys: String, CodingKey {
        case type, name, address
        case dailyCost = "daily_cost"
    }
}

/// A resource that is destroyed and created anew by one build.
package struct Replacement: Sendable, Hashable, Codable {
    package var address: String
    /// Dotted paths of the attributes that force it; empty for a tainted or a forced one.
    package var paths: [String]
    /// The provisioner's reason, such as `replace_because_tainted`; may be empty.
    package var reason: String

    package init(address: String, paths: [String] = [], reason: String = "") {
        self.address = address.storable
        self.paths = paths.map(\.storable)
        self.reason = reason.storable
    }
}

/// The duration of one step of an execution.
///
/// Times are durations since the start of the execution, not readings of a wall clock; the database adds the job's
/// `started_at`.
package struct StageTiming: Sendable, Hashable {
    package var stage: String
    /// The action: `create`, `delete`, `read`, or the stage itself.
    package var action: String
    /// The resource's address; empty for a whole stage.
    package var resource: String
    package var startedAfter: Duration
    package var endedAfter: Duration

    package init(stage: String, action: String, resource: String, startedAfter: Duration, endedAfter: Duration) {
        self.stage = stage.storable
        self.action = action.storable
        self.resource = resource.storable
        self.startedAfter = startedAfter
        self.endedAfter = endedAfter
    }
}
