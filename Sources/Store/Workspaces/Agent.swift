// SPDX-License-Identifier: Apache-2.0

import Crypto
package import Domain

/// The hash of an agent's token, as the database stores it: its SHA-256. A lookup leaks nothing that helps to guess a
/// token of 256 bits.
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

/// A claim that an agent must be told about.
package struct Reinit: Hashable, Sendable, Encodable {
    package let reason = "prebuild_claimed"
    /// The claim build. An agent is told once about each.
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
}
