// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import FoundationEssentials
import HTTPTypes
import PostgresClient
import Store
import SystemPackage
import TestSupport
import Testing

/// Claims that wait for a prebuild over HTTP.
@Suite(.database(.currentSchema), .timeLimit(.minutes(1))) struct WaitingClaimTests {
    private struct Claimed: Decodable { let outcome: String, workspace_name: String }

    /// A template whose pool is empty.
    private func addPool(_ room: APIRoom) async throws -> PresetID {
        let preset = try await room.addTemplate()
        try await room.sql("UPDATE template_version_presets SET desired_instances = 1")
        return preset
    }

    /// A claim that waits, in a task of its own: to cancel it is to hang up.
    private func claim(
        _ room: APIRoom,
        _ name: String,
        told: TestSignal<Int> = TestSignal()
    ) -> Task<APIRoom.Reply, any Error> {
        Task {
            let body = #"{"template": "go-dev", "name": "\#(name)", "owner": "ada", "wait_for_refill": 60}"#
            let reply = try await room.ask(.post, "/claims", as: "ada", body: body)
            told.send(reply.status)
            return reply
        }
    }

    private static let waiting: SQL = "SELECT count(*)::int FROM workspace_claim_waiters"

    @Test func `many wait without holding up others, one gets the next prebuild, and who hangs up waits no more`()
        async throws
    {
        try await DatabaseWatch.on(TestDatabase.current.connectionString) { watch async throws in
            try await APIRoom.open { room async throws in
                let preset = try await addPool(room)
                let told = TestSignal<Int>()
                let claims = (0..<16).map { claim(room, "w\($0)", told: told) }
                try await watch.until("all to wait", Self.waiting, is: 16)
                // The server's pool has 4 connections.
                #expect(try await room.ask(.get, "/templates", as: "ada").status == 200)
                let oneMore = try await claim(room, "more").value
                #expect([oneMore.status, Int(oneMore.headers["retry-after"] ?? "") ?? 0] == [429, 5])
                #expect(oneMore.problem == "too-many-streams")
                #expect(try await room.ask(.get, "/jobs", as: "oona").status == 200)

                _ = try await room.addWorkspace("prebuild-1", owner: "prebuilds", of: preset)
                #expect(try await told.next("the one that is served") == 201)
                #expect(try await watch.number(Self.waiting) == 15)
                for claim in claims { claim.cancel() }
                try await watch.until("nobody to wait", Self.waiting, is: 0, within: .seconds(20))
                var served: [Claimed] = []
                for claim in claims {
                    if let reply = try? await claim.value, reply.status == 201 { served.append(try reply.decoded()) }
                }
                #expect(served.map(\.outcome) == ["hit"])
                #expect(try await watch.number("SELECT count(*)::int FROM workspace_claims") == 1)
                // Their places are free again.
                let next = claim(room, "next")
                try await watch.until("the next to wait", Self.waiting, is: 1)
                next.cancel()
            }
        }
    }

    @Test func `whoever waits is sent away when the server goes`() async throws {
        try await DatabaseWatch.on(TestDatabase.current.connectionString) { watch async throws in
            var waiting: Task<APIRoom.Reply, any Error>?
            try await APIRoom.open { room async throws in
                _ = try await addPool(room)
                waiting = claim(room, "w")
                try await watch.until("it to wait", Self.waiting, is: 1)
            }
            let reply = try await waiting?.value
            #expect(reply?.status == 503)
            #expect(reply?.problem == "unavailable")
            #expect(reply?.headers["retry-after"] == "1")
            try await watch.until("its place to be given up", Self.waiting, is: 0)
        }
    }

    @Test func `logs that are followed are counted, and who hangs up gives the place back`() async throws {
        try await DatabaseWatch.on(TestDatabase.current.connectionString) { watch async throws in
            try await APIRoom.open { room async throws in
                let preset = try await room.addTemplate()
                let job = try await room.addWorkspace("dev", owner: "ada", of: preset)
                try await room.sql("UPDATE provisioner_jobs SET completed_at = NULL")
                let url = "http://\(room.address)/api/v1/jobs/\(job)/logs/stream"
                var open: [RunningProcess] = []
                for _ in 0..<16 {
                    let token = try #require(room.tokens["ada"])
                    let curl = ["--silent", "--no-buffer", "--header", "Authorization: Bearer \(token)", url]
                    open.append(try await RunningProcess.start("/usr/bin/curl", curl))
                    _ = try await open.last?.line(containing: "made")
                }
                let path = "/jobs/\(job)/logs/stream"
                #expect(try await room.ask(.get, path, as: "ada").problem == "too-many-streams")
                try await open[0].end()
                try await room.sql("UPDATE provisioner_jobs SET completed_at = now()")
                let reply = try await watch.until("a place to be free") {
                    let reply = try await room.ask(.get, path, as: "ada")
                    return reply.status == 200 ? reply : nil
                }
                #expect(reply.body.contains("event: end"))
            }
        }
    }
}
