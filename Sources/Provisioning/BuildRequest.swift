// SPDX-License-Identifier: Apache-2.0

package import Domain

/// What happens when the plan of a claim build replaces resources.
package enum ReplacementPolicy: String, Sendable, Hashable, CaseIterable, Codable {
    /// Apply, and report the replacements with the outcome.
    case warn
    /// Fail before anything changes; the prebuild stays as it is.
    case block
    /// Fail before anything changes; the caller puts the prebuild back and builds a new workspace.
    case fresh
}

/// All input of a provisioner for one build.
package struct BuildRequest: Sendable {
    package var job: HeldJob
    package var build: WorkspaceBuild
    package var archive: TemplateArchive
    /// The workspace's last state; `nil` when nothing was ever created.
    package var state: [UInt8]?
    /// States of executions that arrived too late, which ``state`` does not contain: a deletion destroys each of them
    /// too.
    package var lateStates: [[UInt8]]
    /// Agent name to token. Never logged.
    package var agentTokens: [String: String]
    /// The token that the provider `coder/coder` gives its agents; empty: none. Never logged.
    package var providerToken: String
    /// The values of the workspace's earlier sensitive outputs, as JSON. Never logged.
    package var earlierOutputs: [String]
    /// The API's base URL for agents, as workspaces reach it; empty when there is none.
    package var serverURL: String
    /// Only claim builds use it.
    package var replacementPolicy: ReplacementPolicy
    /// Whether an earlier execution of this job left an unknown result: refresh before any change.
    package var refreshFirst: Bool
    /// Whether the build is only planned: its outcome has the replacements, and nothing is changed.
    package var isRehearsal: Bool
    /// Whether to plan a claim of what is built, and to report what it would replace.
    package var rehearses: Bool

    package init(
        job: HeldJob,
        build: WorkspaceBuild,
        archive: TemplateArchive,
        state: [UInt8]? = nil,
        lateStates: [[UInt8]] = [],
        agentTokens: [String: String] = [:],
        providerToken: String = "",
        earlierOutputs: [String] = [],
        serverURL: String = "",
        replacementPolicy: ReplacementPolicy = .warn,
        refreshFirst: Bool = false,
        isRehearsal: Bool = false,
        rehearses: Bool = false
    ) {
        self.job = job
        self.build = build
        self.archive = archive
        self.state = state
        self.lateStates = lateStates
        self.agentTokens = agentTokens
        self.providerToken = providerToken
        self.earlierOutputs = earlierOutputs
        self.serverURL = serverURL
        self.replacementPolicy = replacementPolicy
        self.refreshFirst = refreshFirst
        self.isRehearsal = isRehearsal
        self.rehearses = rehearses
    }
}
