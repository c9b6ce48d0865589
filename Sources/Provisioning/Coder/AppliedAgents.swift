// SPDX-License-Identifier: Apache-2.0

import Basics
import Domain

/// What the agents of the provider `coder/coder` run, by the state that an apply has left.
enum AppliedAgents {
    /// More is not kept: it is read at every start of an agent.
    private static let mostBytes = 1 << 20

    /// Of the first agent that carries the token: all of them do when a template has several.
    static func manifest(in state: [UInt8], token: String) -> AgentManifest? {
        guard !token.isEmpty else { return nil }
        let resources = RawJSON(state)["resources"]?.elements ?? []
        let agents = attributes(of: "coder_agent", in: resources)
        guard let agent = agents.first(where: { $0["token"]?.string == token }) else { return nil }
        let id = agent["id"]?.string ?? ""
        var manifest = AgentManifest(directory: agent["dir"]?.string ?? "")
        for (name, value) in agent["env"]?.members ?? [:] { manifest.environment[name] = value.text }
        for variable in attributes(of: "coder_env", in: resources) where variable["agent_id"]?.string == id {
            guard let name = variable["name"]?.string else { continue }
            manifest.environment[name] = variable["value"]?.string ?? ""
        }
        if let text = agent["startup_script"]?.string, !text.isEmpty {
            manifest.scripts.append(.init(name: "startup_script", text: text))
        }
        for script in attributes(of: "coder_script", in: resources)
        where script["agent_id"]?.string == id && script["run_on_start"] == true {
            manifest.scripts.append(
                .init(name: script["display_name"]?.string ?? "script", text: script["script"]?.string ?? "")
            )
        }
        let size =
            manifest.scripts.reduce(0) { $0 + $1.text.utf8.count }
            + manifest.environment.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        return size <= mostBytes ? manifest : nil
    }

    /// The attributes of all instances of a type, in a state of version 4.
    private static func attributes(of type: String, in resources: [RawJSON]) -> [JSON] {
        resources.filter { $0["type"]?.string == type && $0["mode"]?.string == "managed" }.flatMap { resource in
            (resource["instances"]?.elements ?? []).compactMap { instance in
                instance["attributes"].flatMap { try? JSON(parsing: String(decoding: $0.bytes, as: UTF8.self)) }
            }
        }
    }
}
