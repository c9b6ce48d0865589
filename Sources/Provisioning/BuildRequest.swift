// SPDX-License-Identifier: Apache-2.0

package import Domain

/// The transition of a build; the raw values are those of `workspace_transition`.
package enum Transition: String, Sendable, Hashable, CaseIterable, Codable {
    case start, stop, delete
}

/// The prebuild stage of a build.
package enum BuildStage: String, Sendable, Hashable, CaseIterable, Codable {
    /// The pool creates a prebuild.
    case create
    /// A prebuild becomes a user's workspace.
    case claim
    /// Any other build.
    case none
}

/// What happens when the plan of a claim build replaces resources.
package enum ReplacementPolicy: String, Sendable, Hashable, CaseIterable, Codable {
    /// Apply, and report the replacements with the outcome.
    case warn
    /// Fail before anything changes; the prebuild stays as it is.
    case block
    /// Fail before anything changes; the caller puts the prebuild back and builds a new workspace.
    case fresh
}

/// A value for one of the template's parameters, as text.
package struct BuildParameter: Sendable, Hashable {
    package var name: String
    package var value: String
    /// The type in Terraform's notation: `string`, `number`, `list(string)`, ...
    package var type: String
    /// Whether its value is redacted in every log line.
    package var sensitive: Bool

    package init(name: String, value: String, type: String = "string", sensitive: Bool = false) {
        self.name = name
        self.value = value
        self.type = type
        self.sensitive = sensitive
    }
}

/// The input of one build.
package struct BuildRequest: Sendable {
    /// The workspace being built.
    package struct Workspace: Sendable, Hashable {
        package var id: WorkspaceID
        package var name: String

        package init(id: WorkspaceID, name: String) {
            self.id = id
            self.name = name
        }
    }

    /// The user who owns the workspace from this build on: the claimant, in a claim build.
    package struct Owner: Sendable, Hashable {
        package var id: UserID
        package var username: String
        package var email: String

        package init(id: UserID, username: String, email: String) {
            self.id = id
            self.username = username
            self.email = email
        }
    }

    /// The template, and the version of it that is built.
    package struct Template: Sendable, Hashable {
        package var name: String
        package var versionID: TemplateVersionID
        package var versionName: String

        package init(name: String, versionID: TemplateVersionID, versionName: String) {
            self.name = name
            self.versionID = versionID
            self.versionName = versionName
        }
    }

    package var jobID: JobID
    package var buildID: BuildID
    package var buildNumber: Int
    package var claimEpoch: Int64
    package var transition: Transition
    package var stage: BuildStage
    package var workspace: Workspace
    package var owner: Owner
    package var organization: String
    package var template: Template
    package var preset: String?
    package var parameters: [BuildParameter]
    package var archive: TemplateArchive
    /// The workspace's last state; `nil` when nothing was ever created.
    package var state: [UInt8]?
    /// States of executions that arrived too late, which ``state`` does not contain: a deletion destroys each of them
    /// too.
    package var lateStates: [[UInt8]]
    /// Agent name to token. Never logged.
    package var agentTokens: [String: String]
    /// The API's base URL for agents, as workspaces reach it; empty when there is none.
    package var serverURL: String
    /// Only claim builds use it.
    package var replacementPolicy: ReplacementPolicy
    /// Whether an earlier execution of this job left an unknown result: refresh before any change.
    package var refreshFirst: Bool

    package init(
        jobID: JobID,
        buildID: BuildID,
        buildNumber: Int,
        claimEpoch: Int64,
        transition: Transition,
        stage: BuildStage = .none,
        workspace: Workspace,
        owner: Owner,
        organization: String,
        template: Template,
        preset: String? = nil,
        parameters: [BuildParameter] = [],
        archive: TemplateArchive,
        state: [UInt8]? = nil,
        lateStates: [[UInt8]] = [],
        agentTokens: [String: String] = [:],
        serverURL: String = "",
        replacementPolicy: ReplacementPolicy = .warn,
        refreshFirst: Bool = false
    ) {
        self.jobID = jobID
        self.buildID = buildID
        self.buildNumber = buildNumber
        self.claimEpoch = claimEpoch
        self.transition = transition
        self.stage = stage
        self.workspace = workspace
        self.owner = owner
        self.organization = organization
        self.template = template
        self.preset = preset
        self.parameters = parameters
        self.archive = archive
        self.state = state
        self.lateStates = lateStates
        self.agentTokens = agentTokens
        self.serverURL = serverURL
        self.replacementPolicy = replacementPolicy
        self.refreshFirst = refreshFirst
    }
}
