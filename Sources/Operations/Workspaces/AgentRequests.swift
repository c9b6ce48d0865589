// SPDX-License-Identifier: Apache-2.0

import Domain
import HTTPTypes
import Store

/// The requests of agents inside workspaces, with the token that their build gave them. Agents are not users, so these
/// are not operations.
package enum AgentRequests {
    /// The states that an agent may report.
    private static let states = AgentState.allCases.filter { $0 != .created }

    package static let report = Route(.post, "/agents/me/ready", for: .agents, tag: .agents)
        .doing("Report the agent's state")
        .noting(
            """
            A prebuild can be claimed once all its agents are `ready`. With `reinit`, the agent says of which claim it has \
            heard: it is not told again.
            """
        )
        .taking(
            Field("state", .choice(states.map(\.rawValue)), default: .text(AgentState.ready.rawValue)),
            Field("reinit", .identifier, "The id of the `reinit` event that the agent received.")
        )
        .answering("The agent.", .one("Agent"))

    package static let use = Route(.post, "/agents/me/activity", for: .agents, tag: .agents)
        .doing("Report that the workspace is used")
        .noting(
            """
            Its template may stop workspaces that nobody uses (`dormant_after`). Report it while somebody works, once a \
            minute at most: more often changes nothing.
            """
        )
        .answering("The agent.", .one("Agent"))

    package static let manifest = Route(.get, "/agents/me/manifest", for: .agents, tag: .agents)
        .doing("Get what the agent runs in its workspace")
        .noting(
            """
            The variables, the directory and the scripts of the agent's `coder_agent`, `coder_env` and `coder_script`, by the \
            state of its workspace's latest build. It is there when that build has ended; until then the answer is 503.
            """
        )
        .taking(
            Field(
                "as",
                .choice(["json", "shell"]),
                "`shell`: a script that does all of it, for agents that read no JSON.",
                in: .query,
                default: .text("json")
            )
        )
        .answering("The manifest.", .one("AgentManifest"))

    package static let wait = Route(.get, "/agents/me/reinit", for: .agents, tag: .agents)
        .doing("Wait for the event that the workspace was claimed")
        .noting(
            """
            Server-sent events, for as long as the agent listens: a `reinit` for each claim build that has succeeded, as \
            the schema Reinit, whose `id` is the build's. It is sent once, and again to an agent that connects anew and is \
            not known to have heard it; see `Last-Event-ID`, and `reinit` of a report.
            """
        )
        .taking(
            Field(
                "heard",
                .text(most: 64),
                "The id of the last event received, or `0` before the first.",
                in: .header(.lastEventID),
                pattern: "^[!-~]*$"
            )
        )
        .answering("Events; and a comment every 15 seconds as a heartbeat.", .events("ReinitEvent"))
}
