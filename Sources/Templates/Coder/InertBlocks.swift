// SPDX-License-Identifier: Apache-2.0

/// What a template asks of Coder's server that Stoker does not do.
struct InertBlocks {
    private static let meanings: [(type: String, meaning: String)] = [
        ("coder_app", "apps are not served or proxied"),
        ("coder_external_auth", "there is no external authentication, and access_token is empty"),
        ("coder_secret", "user secrets are not kept, and the value is empty"),
        ("coder_metadata", "metadata of resources are not shown"),
        ("coder_devcontainer", "dev containers are not started"),
        ("coder_external_agent", "an agent of a machine outside is not connected"),
        ("coder_ai_task", "there are no AI tasks"),
        ("coder_task", "there are no AI tasks"),
        ("coder_agent_instance", "agents are known by their token, not by an instance's identity"),
    ]

    private static let agentFields = [
        "metadata", "display_apps", "motd_file", "resources_monitoring", "shutdown_script", "connection_timeout",
        "troubleshooting_url",
    ]

    private var places: [String: [CoderPlace]] = [:]
    private var agents: [CoderPlace] = []
    private var fields: Set<String> = []

    mutating func see(_ block: ModuleBlock) {
        places[block.labels[0], default: []].append(CoderPlace(file: block.file, line: block.line))
    }

    mutating func see(agent block: ModuleBlock) {
        agents.append(CoderPlace(file: block.file, line: block.line))
        fields.formUnion(block.names.map(\.name).filter(Self.agentFields.contains))
    }

    /// One note for each kind, at the first place.
    var notes: [TemplateWarning] {
        var notes: [TemplateWarning] = []
        for (type, meaning) in Self.meanings {
            guard let found = places[type], let first = found.first else { continue }
            let others = found.dropFirst().prefix(10).map { "\($0.file):\($0.line)" }.joined(separator: ", ")
            notes.append(
                TemplateWarning(
                    file: first.file,
                    line: first.line,
                    field: type,
                    "inert here: \(meaning)\(others.isEmpty ? "" : " (also at \(others))")"
                )
            )
        }
        if let first = agents.first {
            let also = fields.isEmpty ? "" : "; nor have \(fields.sorted().joined(separator: ", ")) an effect"
            notes.append(
                TemplateWarning(
                    file: first.file,
                    line: first.line,
                    field: "coder_agent",
                    "inert here: SSH, tunnels, port forwarding and terminals of the agent\(also). Its startup_script, env and "
                        + "dir work"
                )
            )
        }
        return notes
    }
}
