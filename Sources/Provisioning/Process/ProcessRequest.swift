// SPDX-License-Identifier: Apache-2.0

import Domain
import FoundationEssentials

/// The request on a process's standard input: one JSON object.
struct ProcessRequest: Encodable, Equatable {
    struct Workspace: Encodable, Equatable {
        let id: String
        let name: String
    }

    struct Owner: Encodable, Equatable {
        let id: String
        let name: String
        let email: String
    }

    struct Template: Encodable, Equatable {
        let name: String
        let version: String
    }

    struct Build: Encodable, Equatable {
        let id: String
        let number: Int
    }

    let transition: String
    let stage: String
    let workspace: Workspace
    let owner: Owner
    let organization: String
    let template: Template
    let preset: String?
    let build: Build
    let claimEpoch: Int64
    let parameters: [String: String]
    /// Agent name to token.
    let agentTokens: [String: String]
    /// The policy for a claim that would replace resources: under `block` and `fresh`, report it and change nothing.
    let replacementPolicy: String
    /// An earlier execution of this job may have stopped anywhere: inspect before any change.
    let refresh: Bool

    enum CodingKeys: String, CodingKey {
        case transition, stage, workspace, owner, organization, template, preset, build, parameters, refresh
        case claimEpoch = "claim_epoch"
        case agentTokens = "agent_tokens"
        case replacementPolicy = "replacement_policy"
    }

    init(_ request: BuildRequest) {
        let build = request.build
        transition = build.transition.rawValue
        stage = build.stage.rawValue
        workspace = Workspace(id: build.workspace.id.description, name: build.workspace.name)
        owner = Owner(id: build.owner.id.description, name: build.owner.username, email: build.owner.email)
        organization = build.organization
        template = Template(name: build.template.name, version: build.template.versionName)
        preset = build.preset
        self.build = Build(id: build.id.description, number: build.number)
        claimEpoch = request.job.epoch
        parameters = Dictionary(build.parameters.map { ($0.name, $0.value) }) { _, last in last }
        agentTokens = request.agentTokens
        replacementPolicy = request.replacementPolicy.rawValue
        refresh = request.refreshFirst
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(transition, forKey: .transition)
        try container.encode(stage, forKey: .stage)
        try container.encode(workspace, forKey: .workspace)
        try container.encode(owner, forKey: .owner)
        try container.encode(organization, forKey: .organization)
        try container.encode(template, forKey: .template)
        // The member is always present, so that a program need not test for it.
        try container.encode(preset, forKey: .preset)
        try container.encode(build, forKey: .build)
        try container.encode(claimEpoch, forKey: .claimEpoch)
        try container.encode(parameters, forKey: .parameters)
        try container.encode(agentTokens, forKey: .agentTokens)
        try container.encode(replacementPolicy, forKey: .replacementPolicy)
        try container.encode(refresh, forKey: .refresh)
    }

    /// The object, with the state as the process printed it, or null.
    func bytes(state: [UInt8]?) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let object = Array(try encoder.encode(self))
        return object.dropLast() + Array(#","state":"#.utf8) + (state ?? Array("null".utf8)) + Array("}\n".utf8)
    }
}
