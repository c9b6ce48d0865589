// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// The details of one workspace.
package struct WorkspaceDetails: Hashable, Sendable, Codable {
    package var workspace: WorkspaceSummary
    package var organizationName: String
    package var versionName: String
    package var deleted: Bool
    /// The parameters of the latest build; sensitive values are hidden.
    package var parameters: [Parameter]
    /// Newest first.
    package var builds: [Build]
    /// The resources of the newest build that left any.
    package var resources: [BuiltResource]
    package var agents: [Agent]
    /// Its claim; `nil`: it was not claimed.
    package var claim: Claim?
    /// What the newest successful build gave to the owner; sensitive values are hidden.
    package var outputs: WorkspaceOutputs

    /// A value that the workspace was built with.
    package struct Parameter: Hashable, Sendable, Codable {
        package var name: String
        package var value: String
    }

    /// One build, with its job's status and error.
    package struct Build: Hashable, Sendable, Codable {
        package var number: Int
        package var transition: OpenEnum<Transition>
        package var reason: OpenEnum<BuildReason>
        package var versionName: String
        package var status: OpenEnum<JobStatus>
        package var error: String
        package var jobID: JobID
        package var createdAt: Instant

        private enum CodingKeys: String, CodingKey {
            case number, transition, reason, status, error
            case versionName = "version_name"
            case jobID = "job_id"
            case createdAt = "created_at"
        }
    }

    /// An agent, and when it reported ready.
    package struct Agent: Hashable, Sendable, Codable {
        package var name: String
        package var state: OpenEnum<AgentState>
        package var readyAt: Instant?

        private enum CodingKeys: String, CodingKey {
            case name
            case state = "lifecycle_state"
            case readyAt = "ready_at"
        }
    }

    /// Where the workspace came from when it was claimed, and when it became usable.
    package struct Claim: Hashable, Sendable, Codable {
        package var outcome: OpenEnum<ClaimOutcome>
        package var reason: String
        package var claimedAt: Instant
        package var usableAt: Instant?

        private enum CodingKeys: String, CodingKey {
            case outcome, reason
            case claimedAt = "claimed_at"
            case usableAt = "usable_at"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case parameters, builds, resources, agents, claim, deleted
        case organizationName = "org_name"
        case versionName = "version_name"
    }
}

extension WorkspaceDetails {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            workspace: try WorkspaceSummary(from: decoder),
            organizationName: try container.decode(String.self, forKey: .organizationName),
            versionName: try container.decode(String.self, forKey: .versionName),
            deleted: try container.decode(Bool.self, forKey: .deleted),
            parameters: try container.decode([Parameter].self, forKey: .parameters),
            builds: try container.decode([Build].self, forKey: .builds),
            resources: try container.decode([BuiltResource].self, forKey: .resources),
            agents: try container.decode([Agent].self, forKey: .agents),
            claim: try container.decodeIfPresent(Claim.self, forKey: .claim),
            outputs: try WorkspaceOutputs(from: decoder)
        )
    }

    /// The summary's members, and the details beside them.
    package func encode(to encoder: any Encoder) throws {
        try workspace.encode(to: encoder)
        try outputs.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(organizationName, forKey: .organizationName)
        try container.encode(versionName, forKey: .versionName)
        try container.encode(deleted, forKey: .deleted)
        try container.encode(parameters, forKey: .parameters)
        try container.encode(builds, forKey: .builds)
        try container.encode(resources, forKey: .resources)
        try container.encode(agents, forKey: .agents)
        try container.encode(claim, forKey: .claim)
    }
}
