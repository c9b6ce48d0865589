// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import FoundationEssentials
import HTTPTypes
import PostgresClient
import Subprocess
import SystemPackage
import TestSupport
import Testing

@testable import Server
@testable import Store

/// What agents call, over real connections that break in every way.
@Suite(.database(.currentSchema), .timeLimit(.minutes(1))) struct AgentRouteTests {
    private static let token = "token-1"

    /// A server, and two workspaces that were claimed, with agents whose tokens are `token-1` and `token-2`.
    private func open(_ body: (APIRoom, DatabaseWatch, ReinitHub) async throws -> Void) async throws {
        try await DatabaseWatch.on(TestDatabase.current.connectionString) { watch async throws in
            let hub = ReinitHub(store: watch.store, interval: .milliseconds(300), logger: .silent)
            let running = Task { try await hub.run() }
            defer { running.cancel() }
            try await APIRoom.open(routes: {
                [AgentRoutes(store: $0, hub: hub, admission: AgentAdmission(store: $0, rate: 0))]
            }) { room async throws in
                // Else the server would wait for those that listen still.
                defer { running.cancel() }
                _ = try await ReinitHubTests.addClaimed(2, to: room.store)
                try await body(room, watch, hub)
            }
        }
    }

    /// Listens as an agent does.
    private func listen(_ port: Int, _ arguments: [String] = []) async throws -> RunningProcess {
        try await RunningProcess.start(
            "/usr/bin/curl",
            ["--silent", "--no-buffer", "--header", "Authorization: Bearer \(Self.token)"] + arguments
                + ["http://127.0.0.1:\(port)/api/v1/agents/me/reinit"]
        )
    }

    /// The ids of the events that a connection is told before the first sign of life.
    private func told(_ room: APIRoom, _ heard: String? = nil) async throws -> [String] {
        let connection = try await listen(
            room.address.port,
            heard.map { ["--header", "Last-Event-ID: \($0)"] } ?? []
        )
        _ = try await connection.line(containing: ": alive")
        let lines = connection.text(of: .standardOutput)
        try await connection.end()
        return lines.filter { $0.hasPrefix("id: ") }.map { String($0.dropFirst("id: ".count)) }
    }

    /// Has the event sent to an agent that does not receive it; then runs the body with its id.
    ///
    /// - Parameter then: What becomes of the agent's connection to the server: `silence` or `reset`.
    private func swallowing(
        then: String,
        _ body: (APIRoom, DatabaseWatch, String) async throws -> Void
    ) async throws {
        try await open { room, watch, hub async throws in
            let proxy = try await WebhookReceiver.start(
                script: "swallowing_proxy.py",
                options: ["--to", "\(room.address.port)", "--swallow", "event: reinit", "--then", then]
            )
            let agent = try await listen(proxy.port)
            let build = try await build("reinit_sent_build_id", watch)
            if then == "reset" {
                _ = try await watch.until("the server to see the reset") { hub.count == 0 ? true : nil }
            }
            try await agent.end()
            #expect(!agent.text(of: .standardOutput).contains { $0.hasPrefix("event:") })
            try await body(room, watch, build)
            try await proxy.end()
        }
    }

    private func build(_ column: SQL, _ watch: DatabaseWatch) async throws -> String {
        try await watch.until("the claim to be in \(column)") {
            try await watch.column(
                """
                SELECT \(sql: column)::text FROM workspace_agents
                WHERE auth_token_hash = sha256(\(Self.token)::bytea) AND \(sql: column) IS NOT NULL
                """
            ).first
        }
    }

    @Test(arguments: ["silence", "reset"])
    func `what a broken connection has swallowed is told again, and once it was heard not any more`(
        then: String
    ) async throws {
        try await swallowing(then: then) { room, watch, swallowed async throws in
            #expect(try await told(room) == [swallowed])
            // That one hung up in order, so it has heard.
            #expect(try await build("reinit_build_id", watch) == swallowed)
            #expect(try await told(room) == [])
        }
    }

    @Test func `an agent says what it has heard when it connects`() async throws {
        try await swallowing(then: "silence") { room, _, swallowed async throws in
            #expect(try await told(room, "0") == [swallowed])
            #expect(try await told(room, "0") == [swallowed])
            #expect(try await told(room, swallowed) == [])
            #expect(try await told(room) == [])
        }
    }

    @Test func `an agent says what it has heard when it reports`() async throws {
        try await swallowing(then: "silence") { room, _, swallowed async throws in
            // Another workspace's claim is none that it can have heard of.
            let others = try await room.sql("SELECT id FROM workspace_builds WHERE id <> \(swallowed)::uuid")
            let other = try #require(others.first).decode(BuildID.self)
            for (build, expected) in [("\(other)", [swallowed]), (swallowed, [])] {
                let body = #"{"state": "ready", "reinit": "\#(build)"}"#
                let reply = try await room.ask(.post, "/agents/me/ready", as: Self.token, body: body)
                #expect(reply.status == 200)
                // Hanging up would say that it was heard; a signal of life is not.
                let listening = try await listen(room.address.port)
                _ = try await listening.line(containing: ": alive")
                let lines = listening.text(of: .standardOutput).filter { $0.hasPrefix("id: ") }
                #expect(lines == expected.map { "id: \($0)" }, "\(build)")
                listening.send(.suspend)
            }
        }
    }

    @Test func `mistakes of agents are problems of their own kinds`() async throws {
        try await open { room, _, _ async throws in
            func ask(_ body: String?, as token: String? = Self.token) async throws -> [String] {
                let reply = try await room.ask(.post, "/agents/me/ready", as: token, body: body)
                return ["\(reply.status)", reply.problem ?? ""]
            }
            #expect(try await ask(nil) == ["200", ""])
            #expect(try await ask(#"{"state": "asleep"}"#) == ["400", "wrong-type"])
            #expect(try await ask(#"{"state": "created"}"#) == ["400", "wrong-type"])
            #expect(try await ask(#"{"sate": "ready"}"#) == ["400", "unknown-field"])
            #expect(try await ask(#"{"reinit": "x"}"#) == ["400", "wrong-type"])
            #expect(try await ask("[]") == ["400", "malformed-body"])
            #expect(try await ask(String(repeating: " ", count: 70_000)) == ["413", "body-too-large"])
            for token in [nil, "token-3", "", "oona"] {
                #expect(try await ask(nil, as: token) == ["401", "unauthenticated"])
                let waiting = try await room.ask(.get, "/agents/me/reinit", as: token)
                #expect(waiting.problem == "unauthenticated")
            }
            // And an agent is nobody elsewhere.
            #expect(try await room.ask(.get, "/templates", as: Self.token).problem == "unauthenticated")
        }
    }
}
