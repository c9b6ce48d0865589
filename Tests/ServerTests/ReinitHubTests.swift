// SPDX-License-Identifier: Apache-2.0

import Domain
import TestSupport
import Testing

@testable import PostgresClient
@testable import Server
@testable import Store

/// Many agents that wait for claims in one process.
@Suite(.database(.currentSchema), .timeLimit(.minutes(1))) struct ReinitHubTests {
    /// Runs the body with a store that has one session.
    private func withStore(_ body: (Store) async throws -> Void) async throws {
        let configuration = PostgresConfiguration(TestDatabase.current.connectionString)
        try await PostgresPool.withPool(configuration, size: 1, logger: .silent) { pool in
            try await body(Store(pool: pool))
        }
    }

    /// So many workspaces whose claim build has succeeded, each with an agent, whose tokens are `token-1` and so on; returns
    /// them by the agent's token.
    static func addClaimed(_ count: Int, to store: Store) async throws -> [AgentTokenHash: WorkspaceID] {
        let rows = try await store.pool.execute(
            Statement(
                "test",
                """
                WITH fresh AS MATERIALIZED (
                    SELECT n, gen_random_uuid() AS workspace, gen_random_uuid() AS job, gen_random_uuid() AS resource,
                        o.id AS organization
                    FROM generate_series(1, \(count)) n, organizations o WHERE o.is_default
                ), jobs AS (
                    INSERT INTO provisioner_jobs (id, organization_id, initiator_id, started_at, completed_at)
                    SELECT job, organization, gen_random_uuid(), now(), now() FROM fresh
                ), workspaces AS (
                    INSERT INTO workspaces (id, owner_id, organization_id, template_id, name)
                    SELECT workspace, gen_random_uuid(), organization, gen_random_uuid(), 'w' FROM fresh
                ), builds AS (
                    INSERT INTO workspace_builds (workspace_id, template_version_id, build_number, transition, initiator_id,
                        job_id, reason)
                    SELECT workspace, gen_random_uuid(), 2, 'start', gen_random_uuid(), job, 'claim' FROM fresh
                ), resources AS (
                    INSERT INTO workspace_resources (id, job_id, transition, type, name)
                    SELECT resource, job, 'start', 'stoker_agent', 'main' FROM fresh
                ), agents AS (
                    INSERT INTO workspace_agents (resource_id, auth_token_hash)
                    SELECT resource, sha256(('token-' || n)::bytea) FROM fresh
                )
                SELECT 'token-' || n, workspace FROM fresh
                """
            )
        )
        let pairs = try rows.map { row in
            let (token, workspace) = try row.decode(String.self, WorkspaceID.self)
            return (AgentTokenHash(of: token), workspace)
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    private func claimed(_ signals: AsyncStream<ReinitHub.Signal>) async -> Reinit? {
        for await signal in signals { if case .claimed(let reinit) = signal { return reinit } }
        return nil
    }

    @Test func `one statement asks for all agents that wait, and for no others`() async throws {
        try await withStore { store in
            let agents = try await Self.addClaimed(300, to: store)
            let hub = ReinitHub(store: store, interval: .seconds(600), logger: .silent)
            let waiting = agents.map { ($1, hub.signals(for: $0, of: $1)) }
            #expect(hub.count == 300)
            let before = try await store.pool.withSession { await $0.roundTrips }
            let running = Task { try await hub.run() }
            hub.look(at: nil)
            var told: [WorkspaceID?] = []
            for (_, signals) in waiting { told.append(await claimed(signals)?.workspaceID) }
            #expect(told == waiting.map(\.0))
            #expect(try await store.pool.withSession { await $0.roundTrips } - before == 1)
            running.cancel()
            try await running.value
        }
    }

    @Test func `a notification concerns the agents of its workspace alone`() async throws {
        try await withStore { store in
            let agents = Array(try await Self.addClaimed(2, to: store))
            let hub = ReinitHub(store: store, interval: .seconds(600), logger: .silent)
            let (first, second) = (
                hub.signals(for: agents[0].key, of: agents[0].value),
                hub.signals(for: agents[1].key, of: agents[1].value)
            )
            let running = Task { try await hub.run() }
            hub.look(at: agents[1].value)
            #expect(await claimed(second)?.workspaceID == agents[1].value)
            // The end of the hub ends all that wait; the first was told nothing.
            running.cancel()
            try await running.value
            #expect(await claimed(first) == nil)
            #expect(await claimed(hub.signals(for: agents[0].key, of: agents[0].value)) == nil)
        }
    }

    @Test func `who goes is forgotten`() async throws {
        try await withStore { store in
            let hub = ReinitHub(store: store, logger: .silent)
            let reader = Task { [signals = hub.signals(for: AgentTokenHash(of: "t"), of: .random())] in
                for await _ in signals {}
            }
            #expect(hub.count == 1)
            reader.cancel()
            await reader.value
            #expect(hub.count == 0)
        }
    }
}
