// SPDX-License-Identifier: Apache-2.0

/// The transition of a build; the raw values are the database's enum `workspace_transition`.
package enum Transition: String, Sendable, Hashable, CaseIterable, Codable {
    case start, stop, delete
}

/// Why a build was made; the raw values are the database's enum `build_reason`.
package enum BuildReason: String, Sendable, Hashable, CaseIterable, Codable {
    case initiator, prebuild, claim, dormancy, autostop
}

/// The prebuild stage of a build.
package enum BuildStage: String, Sendable, Hashable, CaseIterable, Codable {
    /// The pool creates a prebuild.
    case create
    /// A prebuild becomes a user's workspace.
    case claim
    /// Any other build.
    case none

    package init(of transition: Transition, because reason: OpenEnum<BuildReason>, isPrebuild: Bool) {
        self = reason == .claim ? .claim : isPrebuild && transition == .start ? .create : .none
    }
}

/// A build of a workspace.
package struct WorkspaceBuild: Hashable, Sendable {
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
        /// The full name; empty: none is known.
        package var name: String
        package var roles: [String]

        package init(id: UserID, username: String, email: String, name: String = "", roles: [String] = []) {
            self.id = id
            self.username = username
            self.email = email
            self.name = name
            self.roles = roles
        }
    }

    /// The template, and the version of it that is built.
    package struct Template: Sendable, Hashable {
        package var name: String
        package var versionName: String
        /// Empty during the import of a first version.
        package var id: String

        package init(name: String, versionName: String, id: String = "") {
            self.name = name
            self.versionName = versionName
            self.id = id
        }
    }

    package var id: BuildID
    /// Counted from 1 in each workspace.
    package var number: Int
    package var transition: Transition
    package var stage: BuildStage
    package var workspace: Workspace
    package var owner: Owner
    package var organization: String
    package var template: Template
    package var preset: String?
    package var parameters: [BuildParameter]

    package init(
        id: BuildID,
        number: Int,
        transition: Transition,
        stage: BuildStage = .none,
        workspace: Workspace,
        owner: Owner,
        organization: String,
        template: Template,
        preset: String? = nil,
        parameters: [BuildParameter] = []
    ) {
        self.id = id
        self.number = number
        self.transition = transition
        self.stage = stage
        self.workspace = workspace
        self.owner = owner
        self.organization = organization
        self.template = template
        self.preset = preset
        self.parameters = parameters
    }
}

/// A value for one of the template's parameters, as text.
package struct BuildParameter: Sendable, Hashable {
    package var name: String
    package var value: String
    /// The type in Terraform's notation: `string`, `number`, `list(string)`, ...
    package var type: String
    /// Whether its value is redacted in every log line.
    package var sensitive: Bool
    /// Whether it is a `coder_parameter`, which takes its value from the environment.
    package var isCoder: Bool
    /// The value in the workspace's build before; `nil`: it had none.
    package var previous: String?

    package init(
        name: String,
        value: String,
        type: String = "string",
        sensitive: Bool = false,
        isCoder: Bool = false,
        previous: String? = nil
    ) {
        self.name = name
        self.value = value
        self.type = type
        self.sensitive = sensitive
        self.isCoder = isCoder
        self.previous = previous
    }
}

/// The system user that owns every prebuild; nothing else marks one.
package let prebuildsUserID = UserID(high: 0xc42f_df75_3097_471c, low: 0x8c33_fb52_454d_81c0)
