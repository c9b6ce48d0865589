// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto
import Domain

/// The variables from which the provider `coder/coder` takes all that it knows of a build.
enum CoderEnvironment {
    /// A variable longer than this cannot be given to a program on Linux.
    private static let longestValue = 128_000
    private static let platforms = ["linux_amd64", "linux_arm64", "linux_armv7", "darwin_amd64", "darwin_arm64"]

    /// - Throws: `.invalid` for a value that is too long for a variable.
    static func variables(of request: BuildRequest) throws(ProvisioningFailure) -> [String: String] {
        var variables = facts(of: request).merging(owner(of: request.build)) { fact, _ in fact }
        // The provider refuses an empty address, and has one of its own when there is none.
        if !request.serverURL.isEmpty { variables["CODER_AGENT_URL"] = request.serverURL }
        // It makes a new token in each build that is given none, and replaces whatever carries it.
        if !request.providerToken.isEmpty { variables[runningToken] = request.providerToken }
        for platform in platforms { variables["CODER_AGENT_SCRIPT_\(platform)"] = AgentScript.text }
        for parameter in request.build.parameters where parameter.isCoder {
            guard parameter.value.utf8.count <= longestValue else {
                throw ProvisioningFailure(
                    .invalid,
                    "parameter '\(parameter.name)': a value has at most \(longestValue) bytes, and this has "
                        + "\(parameter.value.utf8.count)"
                )
            }
            let hash = hash(of: parameter.name)
            variables["CODER_PARAMETER_\(hash)"] = parameter.value
            if let previous = parameter.previous, previous.utf8.count <= longestValue {
                variables["CODER_PARAMETER_PREVIOUS_\(hash)"] = previous
            }
        }
        return variables
    }

    /// One variable for the tokens of all agents: the provider leaves room for an agent's id, and gives none.
    static let runningToken = "CODER_RUNNING_WORKSPACE_AGENT_TOKEN_" + hash(of: "")

    static func hash(of name: String) -> String {
        SHA256.hash(data: Array(name.utf8)).hexadecimal
    }

    private static func facts(of request: BuildRequest) -> [String: String] {
        let build = request.build
        // Also its deletion is one of a prebuild.
        let isPrebuild = build.owner.id == prebuildsUserID && build.stage != .claim || build.stage == .create
        return [
            "CODER_WORKSPACE_ID": build.workspace.id.description,
            "CODER_WORKSPACE_NAME": build.workspace.name,
            "CODER_WORKSPACE_TRANSITION": build.transition == .delete ? "destroy" : build.transition.rawValue,
            "CODER_WORKSPACE_BUILD_ID": build.id.description,
            "CODER_WORKSPACE_TEMPLATE_ID": build.template.id.isEmpty
                ? TemplateID(high: 0, low: 0).description : build.template.id,
            "CODER_WORKSPACE_TEMPLATE_NAME": build.template.name,
            "CODER_WORKSPACE_TEMPLATE_VERSION": build.template.versionName,
            "CODER_WORKSPACE_IS_PREBUILD": isPrebuild ? "true" : "false",
            "CODER_WORKSPACE_IS_PREBUILD_CLAIM": build.stage == .claim ? "true" : "false",
        ]
    }

    /// The owner of prebuilds has the names that it has in Coder.
    private static func owner(of build: WorkspaceBuild) -> [String: String] {
        let owner = build.owner
        let isPool = owner.id == prebuildsUserID || build.stage == .create
        let name = isPool ? "Prebuilds Owner" : owner.name.isEmpty ? owner.username : owner.name
        let roles = owner.roles.map { JSON.object([.init("name", .string($0)), .init("org_id", "")]) }
        return [
            "CODER_WORKSPACE_OWNER": owner.username,
            "CODER_WORKSPACE_OWNER_ID": (isPool ? prebuildsUserID : owner.id).description,
            "CODER_WORKSPACE_OWNER_NAME": name,
            "CODER_WORKSPACE_OWNER_EMAIL": owner.email.isEmpty && isPool ? "prebuilds@system" : owner.email,
            "CODER_WORKSPACE_OWNER_GROUPS": "[]",
            "CODER_WORKSPACE_OWNER_RBAC_ROLES": JSON.array(roles).json,
            "CODER_WORKSPACE_OWNER_LOGIN_TYPE": isPool ? "none" : "token",
            "CODER_WORKSPACE_OWNER_SSH_PUBLIC_KEY": "",
            "CODER_WORKSPACE_OWNER_SSH_PRIVATE_KEY": "",
            "CODER_WORKSPACE_OWNER_SESSION_TOKEN": "",
            "CODER_WORKSPACE_OWNER_OIDC_ACCESS_TOKEN": "",
        ]
    }
}
