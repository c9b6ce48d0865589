// SPDX-License-Identifier: Apache-2.0

import Domain

/// The environment of a template's programs.
enum TemplateEnvironment {
    /// The variables that every program needs; none of them holds a secret of the worker.
    static let inherited: Set<String> = [
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ",
        "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
        "SSL_CERT_FILE", "SSL_CERT_DIR",
    ]

    /// Prefixes that configuration may not allow either: such variables hold the worker's secrets, or change which code
    /// runs.
    static let refusedPrefixes = ["STOKER_", "PG", "TF_"]

    /// The worker's variables that are passed on.
    static func inherited(from own: [String: String], additional: [String]) -> [String: String] {
        own.filter { name, _ in
            if inherited.contains(name) || name.hasPrefix("LC_") { return true }
            guard !refusedPrefixes.contains(where: name.hasPrefix) else { return false }
            return additional.contains { $0.hasSuffix("*") ? name.hasPrefix($0.dropLast()) : name == $0 }
        }
    }

    /// The variables that describe a build: `STOKER_WORKSPACE_ID` and so on.
    static func facts(of request: BuildRequest) -> [String: String] {
        let build = request.build
        var facts = [
            "STOKER_WORKSPACE_ID": build.workspace.id.description,
            "STOKER_WORKSPACE_NAME": build.workspace.name,
            "STOKER_WORKSPACE_OWNER": build.owner.username,
            "STOKER_WORKSPACE_OWNER_ID": build.owner.id.description,
            "STOKER_WORKSPACE_OWNER_EMAIL": build.owner.email,
            "STOKER_WORKSPACE_ORGANIZATION": build.organization,
            "STOKER_WORKSPACE_TRANSITION": build.transition.rawValue,
            "STOKER_PREBUILD": build.stage == .create ? "true" : "false",
            "STOKER_CLAIM": build.stage == .claim ? "true" : "false",
            "STOKER_TEMPLATE_NAME": build.template.name,
            "STOKER_TEMPLATE_VERSION": build.template.versionName,
            "STOKER_PRESET_NAME": build.preset ?? "",
            "STOKER_BUILD_ID": build.id.description,
            "STOKER_BUILD_NUMBER": String(build.number),
            "STOKER_CLAIM_EPOCH": String(request.job.epoch),
            "STOKER_URL": request.serverURL,
        ]
        for (agent, token) in request.agentTokens {
            let name = String(agent.map { $0 == "-" ? "_" : $0 })
            facts["STOKER_AGENT_TOKEN_\(name.uppercased())"] = token
        }
        return facts
    }
}
