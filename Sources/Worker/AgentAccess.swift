// SPDX-License-Identifier: Apache-2.0

import Basics
import Crypto
package import Domain
package import Store
import Synchronization

/// What a build gives its agents: a token for each, and the address of the API.
///
/// Tokens are not stored. They are derived from the deployment's secret, the workspace and the agent's name, so every
/// build of a workspace gives its agents the same tokens on any worker, and the database stores only hashes
/// (Documentation/Decisions/0007-agent-tokens.md).
package final class AgentAccess: Sendable {
    private static let secretName = "agent_tokens"

    private let store: Store
    private let sealing: StateSealing
    private let address: @Sendable () async throws -> String
    private let secret = Mutex<[UInt8]?>(nil)

    /// - Parameter sealing: How the secret is encrypted in the database.
    /// - Parameter address: The base URL of the API, as workspaces reach it; empty when there is none.
    package init(store: Store, sealing: StateSealing, address: @escaping @Sendable () async throws -> String) {
        self.store = store
        self.sealing = sealing
        self.address = address
    }

    var url: String { get async throws { try await address() } }

    /// The tokens of a workspace's agents, by their names.
    ///
    /// Throws the errors of the store and of decryption, such as when the secret's key is not configured any more.
    package func tokens(of agents: [String], in workspace: WorkspaceID) async throws -> [String: String] {
        guard !agents.isEmpty else { return [:] }
        let key = SymmetricKey(data: try await loadSecret())
        return Dictionary(agents.map { ($0, Self.token(of: $0, in: workspace, key)) }) { first, _ in first }
    }

    private func loadSecret() async throws -> [UInt8] {
        if let known = secret.withLock({ $0 }) { return known }
        let candidate = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        let loaded = try sealing.open(await store.secret(Self.secretName, orKeep: sealing.seal(candidate)))
        secret.withLock { $0 = loaded }
        return loaded
    }

    /// `stka_` and 256 bits in base64url (RFC 4648), without padding.
    private static func token(of agent: String, in workspace: WorkspaceID, _ key: SymmetricKey) -> String {
        // The id has a fixed length, so the two parts cannot run together.
        let message = Array("stoker agent token 1 \(workspace) \(agent)".utf8)
        let code = HMAC<SHA256>.authenticationCode(for: message, using: key)
        return "stka_" + Base64URL.encode(code)
    }
}
