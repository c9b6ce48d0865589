// SPDX-License-Identifier: Apache-2.0

/// An agent's lifecycle state; the raw values are those of the database's enum `workspace_agent_lifecycle_state`.
package enum AgentState: String, CaseIterable, Hashable, Sendable, Codable {
    case created, starting
    case startTimeout = "start_timeout"
    case startError = "start_error"
    case ready
    case shuttingDown = "shutting_down"
    case shutdownTimeout = "shutdown_timeout"
    case shutdownError = "shutdown_error"
    case off
}
