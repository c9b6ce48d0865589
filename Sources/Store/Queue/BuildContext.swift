// SPDX-License-Identifier: Apache-2.0

package import Domain
package import Time

/// What a build does to its workspace; the raw values are the database's enum `workspace_transition`.
package enum WorkspaceTransition: String, Hashable, Sendable, Codable {
    case start, stop, delete
}

/// Everything an execution needs to know of a workspace build.
package struct BuildContext: Hashable, Sendable {
    package var buildID: BuildID
    package var buildNumber: Int
    package var transition: WorkspaceTransition
    /// `initiator`, `prebuild`, `claim`, `dormancy` or `autostop`.
    package var reason: String
    package var workspaceID: WorkspaceID
    package var workspaceName: String
    package var ownerID: UserID
    package var ownerName: String
    package var ownerEmail: String
    package var organizationID: OrganizationID
    package var organizationName: String
    package var templateID: TemplateID
    package var templateName: String
    package var versionID: TemplateVersionID
    package var versionName: String
    package var presetName: String?
    package var fileID: FileID?
    /// SHA-256 of the archive, in hexadecimal: the key of the worker's cache.
    package var fileHash: String?
    package var parameters: [Parameter]
    /// The state of the newest build that has one, this one included; as it was stored.
    package var state: [UInt8]?
    /// States of executions of this workspace that came too late, in the order in which they came.
    package var lateStates: [LateState]
    /// Agents that a build of this version brings up.
    package var agents: [String]
    /// What executions before this one were about to replace when they were interrupted: this one's plan does not show it.
    package var replaced: [BuildCompletion.Replacement]

    /// A parameter's value, and whether it must never be shown.
    package struct Parameter: Hashable, Sendable {
        package var name: String
        package var value: String
        /// As the version declares it; `string` where it declares none of the name.
        package var type: String
        package var isSensitive: Bool
    }

    /// Whether the workspace still belongs to the pool's user: it is a prebuild, unclaimed.
    package var isPrebuild: Bool { ownerID == prebuildsUserID }
    /// Whether the build hands the workspace over to its new owner.
    package var isClaim: Bool { reason == "claim" }
}

/// A state that was handed in after another execution had begun. It stays until a build has taken over, or a deletion has
/// destroyed, what it names.
package struct LateState: Hashable, Sendable {
    /// The execution that left it.
    package var execution: HeldJob
    /// When: the same execution may hand in another.
    package var receivedAt: Instant
    /// As it was stored.
    package var state: [UInt8]

    package init(execution: HeldJob, receivedAt: Instant, state: [UInt8]) {
        self.execution = execution
        self.receivedAt = receivedAt
        self.state = state
    }
}

/// Everything an execution needs to know of the import of a template version.
package struct ImportContext: Hashable, Sendable {
    package var versionID: TemplateVersionID
    package var versionName: String
    package var templateName: String
    package var organizationID: OrganizationID
    package var organizationName: String
    package var fileID: FileID?
    package var fileHash: String?
    /// Whether the version becomes the active one when the import succeeds.
    package var activates: Bool
}
