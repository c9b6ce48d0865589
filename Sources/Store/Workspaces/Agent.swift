// SPDX-License-Identifier: Apache-2.0

import Crypto
package import Domain

/// Where an agent stands; the raw values are the database's enum `workspace_agent_lifecycle_state`.
package enum AgentState: String, CaseIterable, Hashable, Sendable, Codable {
    case created, starting
    case startTimeout = "start_timeout"
    case startError = "start_error"
    case ready
    case shuttingDown = "shutting_down"
    case shutdownTimeout = "shutdown_timeout"
    case shutdownError = "shutdown_error"
    case off
}

/// What the database keeps of an agent's token: its SHA-256. Looking one up leaks nothing that helps to guess a token of 256
/// bits.
package struct AgentTokenHash: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(of token: String) {
        bytes = Array(SHA256.hash(data: Array(token.utf8)))
    }

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}

/// An agent as its token identifies it.
package struct AgentIdentity: Hashable, Sendable, Encodable {
    package var name: String
    package var state: AgentState
    package var workspaceID: WorkspaceID
    package var workspaceName: String
    package var ownerName: String

    private enum CodingKeys: String, CodingKey {
        case name
        case state = "lifecycle_state"
        case workspaceID = "workspace_id"
        case workspaceName = "workspace_name"
        case ownerName = "owner_name"
    }
}

/// A claim of which an agent is to be told.
package struct Reinit: Hashable, Sendable, Encodable {
    /// The claim build. An agent is told once of each.
    package var buildID: BuildID
    package var buildNumber: Int
    package var workspaceID: WorkspaceID
    package var workspaceName: String
    package var ownerID: UserID
    package var ownerName: String

    private enum CodingKeys: String, CodingKey {
        case reason
        case buildID = "build_id"
        case buildNumber = "build_number"
        case workspaceID = "workspace_id"
        case workspaceName = "workspace_name"
        case ownerID = "owner_id"
        case ownerName = "owner_name"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("prebuild_claimed", forKey: .reason)
        try container.encode(buildID, forKey: .buildID)
        try container.encode(buildNumber, forKey: .buildNumber)
        try container.encode(workspaceID, forKey: .workspaceID)
        try container.encode(workspaceName, forKey: .workspaceName)
        try container.encode(ownerID, forKey: .ownerID)
        try container.encode(ownerName, forKey: .ownerName)
    }
}
