// SPDX-License-Identifier: Apache-2.0

import Domain
import PostgresClient
import Provisioning
import Store
import TestSupport
import Testing

@testable import Worker

@Suite(.database(.migrated), .timeLimit(.minutes(1))) struct AgentAccessTests {
    private static let key = [UInt8](repeating: 7, count: 32)

    private func access(_ store: Store, keys: [[UInt8]]) throws -> AgentAccess {
        let codec = try StateCodec(keys: keys)
        let sealing = StateSealing(seal: { try codec.seal($0) }, open: { try codec.open($0) })
        return AgentAccess(store: store, sealing: sealing) { "http://stoker" }
    }

    @Test func `every worker gives the agents of a workspace the same tokens, at every build`() async throws {
        try await TestPools.open { pools in
            let workspaces = [WorkspaceID.random(), .random()]
            let one = try access(pools.store, keys: [Self.key])
            let other = try access(pools.store, keys: [Self.key])
            let first = try await one.tokens(of: ["main", "db"], in: workspaces[0])
            #expect(try await other.tokens(of: ["db", "main"], in: workspaces[0]) == first)
            let second = try await one.tokens(of: ["main", "db"], in: workspaces[1])
            #expect(Set(first.values).union(second.values).count == 4)
            #expect(first.values.allSatisfy { $0.hasPrefix("stka_") && $0.count == 48 })
            #expect(try await one.tokens(of: [], in: workspaces[0]) == [:])
        }
    }

    @Test func `what the database holds makes no tokens without the key`() async throws {
        try await TestPools.open { pools in
            let workspace = WorkspaceID.random()
            let sealed = try await access(pools.store, keys: [Self.key]).tokens(of: ["main"], in: workspace)
            let stored: [UInt8] = try await pools.value("SELECT sealed FROM secrets WHERE name = 'agent_tokens'")
            #expect(stored.starts(with: Array("STKR".utf8)))
            // A key that was rotated away still opens; without it there are no tokens, and the error says which is missing.
            let rotated = try access(pools.store, keys: [[UInt8](repeating: 8, count: 32), Self.key])
            #expect(try await rotated.tokens(of: ["main"], in: workspace) == sealed)
            let without = try access(pools.store, keys: [])
            await #expect(throws: StateCodecError.self) { _ = try await without.tokens(of: ["main"], in: workspace) }
        }
    }
}
