// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import FoundationEssentials
import HTTPTypes
import SystemPackage
import TestSupport
import Testing

@testable import PostgresClient
@testable import Server
@testable import Store

/// What one user, or one address, can have of the server.
@Suite(.database(.currentSchema), .timeLimit(.minutes(1))) struct QuotaTests {
    private struct Made: Decodable { let token: String }

    private func addToken(_ room: APIRoom, expiresIn seconds: Int? = nil) async throws -> APIRoom.Reply {
        let life = seconds.map { #", "expires_in": \#($0)"# } ?? ""
        return try await room.ask(.post, "/tokens", as: "ada", body: #"{"name": "more"\#(life)}"#)
    }

    @Test func `a user has so many tokens, however many are made at once, and old ones make room`() async throws {
        try await APIRoom.open(tokensPerUser: 5) { room async throws in
            let replies = try await withThrowingTaskGroup(of: APIRoom.Reply.self) { group in
                for _ in 0..<20 { group.addTask { try await addToken(room) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            // One is the test's own.
            #expect(replies.count { $0.status == 201 } == 4)
            let refused = try #require(replies.first { $0.status != 201 })
            #expect(refused.status == 409 && refused.problem == "conflict" && refused.body.contains("tokens list"))
            try await room.sql("UPDATE api_tokens SET expires_at = now() WHERE name = 'more'")
            #expect(try await addToken(room).status == 201)
            #expect(try await room.sql("SELECT 1 FROM api_tokens WHERE expires_at <= now()").count == 0)
            // Others have their own.
            let other = try await room.ask(.post, "/tokens", as: "bob", body: #"{"name": "mine"}"#)
            #expect(other.status == 201)
        }
    }

    @Test func `more tokens are no more requests`() async throws {
        try await APIRoom.open(rate: 2) { room async throws in
            var tokens = ["ada"]
            for _ in 0..<3 { tokens.append(try await addToken(room).decoded(Made.self).token) }
            // Each of them is asked with once more than the bucket holds: some of one user's many are refused, whichever
            // token is used, and an address that knows them all is not.
            var refused: Set<String> = []
            for _ in 0..<50 where refused.count < tokens.count {
                for token in tokens where try await room.ask(.get, "/tokens", as: token).problem == "too-many-requests"
                {
                    refused.insert(token)
                }
            }
            #expect(refused == Set(tokens))
            #expect(try await room.ask(.get, "/tokens", as: "bob").status == 200)
        }
    }

    @Test func `more tokens are no more streams`() async throws {
        let streams = OpenStreams(mostOfOne: 2)
        try await APIRoom.open(streams: streams) { room async throws in
            let second = try await addToken(room).decoded(Made.self).token
            let job = try await room.addWorkspace("dev", owner: "ada", of: room.addTemplate())
            try await room.sql("UPDATE provisioner_jobs SET completed_at = NULL")
            var open: [RunningProcess] = []
            for _ in 0..<2 {
                let url = "http://\(room.address)/api/v1/jobs/\(job)/logs/stream"
                let header = "Authorization: Bearer \(room.tokens["ada"] ?? "")"
                open.append(try await .start("/usr/bin/curl", ["--silent", "--no-buffer", "--header", header, url]))
                _ = try await open.last?.line(containing: "made")
            }
            let refused = try await room.ask(.get, "/jobs/\(job)/logs/stream", as: second)
            #expect(refused.problem == "too-many-streams" && refused.body.contains("for one user"))
            for curl in open { try await curl.end() }
            try await room.sql("UPDATE provisioner_jobs SET completed_at = now()")
        }
    }

    @Test func `wrong tokens of agents are counted before they reach the database, right ones go on`() async throws {
        var configuration = PostgresConfiguration(TestDatabase.current.connectionString)
        configuration.applicationName = "agents"
        try await PostgresPool.withPool(configuration, size: 1, logger: .silent) { pool in
            let store = Store(pool: pool)
            let hub = ReinitHub(store: store, logger: .silent)
            let admission = AgentAdmission(store: store, rate: 3)
            let routes = AgentRoutes(store: store, hub: hub, admission: admission)
            try await APIRoom.open(routes: { _ in [routes] }) { room async throws in
                _ = try await ReinitHubTests.addClaimed(2, to: room.store)
                func report(_ token: String) async throws -> Int {
                    try await room.ask(.post, "/agents/me/ready", as: token, body: "{}").status
                }
                #expect(try await report("token-1") == 200)
                let before = try await pool.withSession { await $0.roundTrips }
                var answers: [Int] = []
                for number in 0..<200 { answers.append(try await report("wrong-\(number)")) }
                #expect(Set(answers) == [401, 429])
                // Each that was not refused was looked up, and none of the others.
                let looks = try await pool.withSession { await $0.roundTrips } - before
                #expect(looks == answers.count { $0 == 401 })
                #expect(try await report("token-1") == 200)
                // The address has nothing left; an agent that comes from there for the first time waits as any other.
                var answer = try await report("token-2")
                while answer == 429 { answer = try await report("token-2") }
                #expect(answer == 200)
            }
        }
    }

    @Test func `agents that come together are all let in`() async throws {
        try await APIRoom.open(routes: { store in
            let hub = ReinitHub(store: store, logger: .silent)
            return [AgentRoutes(store: store, hub: hub, admission: AgentAdmission(store: store, rate: 1))]
        }) { room async throws in
            _ = try await ReinitHubTests.addClaimed(60, to: room.store)
            let answers = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...60 {
                    group.addTask {
                        try await room.ask(.post, "/agents/me/ready", as: "token-\(number)", body: "{}").status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0 == 200 })
        }
    }

    @Test func `of the connections on which one agent waits the newest stay`() async throws {
        try await APIRoom.connected(to: TestDatabase.current.connectionString) { store in
            let hub = ReinitHub(store: store, interval: .seconds(600), logger: .silent)
            let token = AgentTokenHash(of: "token-1")
            let waiting = (0..<50).map { _ in hub.signals(for: token, of: .random()) }
            #expect(hub.count == 4)
            for old in waiting.dropLast(4) { for await _ in old { Issue.record("it was told something") } }
            let other = hub.signals(for: AgentTokenHash(of: "token-2"), of: .random())
            #expect(hub.count == 5)
            withExtendedLifetime((waiting, other)) {}
        }
    }
}
