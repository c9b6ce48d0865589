// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import FoundationEssentials
import HTTPTypes
import PostgresClient
import Store
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ListTests {
    private struct Named: Decodable { let name: String? }

    /// The path of the link `next`, below the API's root.
    private static func next(_ reply: APIRoom.Reply) -> String? {
        reply.headers["link"].flatMap { link in
            link.hasSuffix(">; rel=\"next\"") ? String(link.dropFirst("</api/v1".count).prefix { $0 != ">" }) : nil
        }
    }

    @Test(.database(.currentSchema)) func `pages hold everything once, also what has the same time`() async throws {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            for number in 0..<7 { _ = try await room.addWorkspace("w\(number)", owner: "ada", of: preset) }
            try await room.sql("UPDATE workspaces SET created_at = '2025-06-02T03:00:00Z' WHERE name <> 'w3'")
            var names: [String] = []
            var sizes: [Int] = []
            var path: String? = "/workspaces?owner=ada&limit=3"
            while let asked = path {
                let reply = try await room.ask(.get, asked, as: "ada")
                let page = try reply.decoded([Named].self).compactMap(\.name)
                names += page
                sizes.append(page.count)
                path = Self.next(reply)
            }
            #expect(sizes == [3, 3, 1])
            #expect(names.first == "w3")
            #expect(names.sorted() == ["w0", "w1", "w2", "w3", "w4", "w5", "w6"])
            #expect(Self.next(try await room.ask(.get, "/workspaces?limit=7", as: "ada")) == nil)
        }
    }

    @Test(.database(.currentSchema)) func `users, jobs and logs have pages too`() async throws {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            let job = try await room.addWorkspace("a", owner: "ada", of: preset)
            _ = try await room.addWorkspace("b", owner: "bob", of: preset)
            try await room.sql(
                "INSERT INTO provisioner_job_logs (job_id, level, output) SELECT \(job), 'info', 'more' FROM generate_series(1, 4)"
            )
            for (path, sizes) in [("/users", [2, 2, 1]), ("/jobs", [2]), ("/jobs/\(job)/logs", [2, 2, 1])] {
                var found: [Int] = []
                var next: String? = "\(path)?limit=2"
                while let asked = next {
                    let reply = try await room.ask(.get, asked)
                    found.append(try reply.decoded([Named].self).count)
                    next = Self.next(reply)
                }
                #expect(found == sizes, "\(path)")
            }
        }
    }

    @Test(.database(.currentSchema)) func `a log is streamed to its end, from behind the last line that arrived`()
        async throws
    {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            let job = try await room.addWorkspace("a", owner: "ada", of: preset)
            let rows = try await room.sql(
                "INSERT INTO provisioner_job_logs (job_id, level, output) VALUES (\(job), 'info', 'last') RETURNING id"
            )
            let last = try #require(rows.first).decode(Int64.self)
            let path = "/jobs/\(job)/logs/stream"
            let whole = try await room.ask(.get, path, as: "ada")
            #expect(whole.headers["content-type"] == "text/event-stream")
            let events = whole.body.split(separator: "\n\n").map { $0.prefix { $0 != "\n" } }
            #expect(events == ["id: \(last - 1)", "id: \(last)", "event: end"])
            #expect(whole.body.contains("\"status\":\"succeeded\""))
            let rest = try await room.ask(.get, path, as: "ada", headers: ["Last-Event-ID": "\(last - 1)"])
            #expect(
                rest.body.split(separator: "\n\n").map { $0.prefix { $0 != "\n" } } == ["id: \(last)", "event: end"]
            )
        }
    }

    @Test(.database(.currentSchema)) func `the same key gives the same workspace, and no other request may use it`()
        async throws
    {
        _ = TestTracer.shared
        try await APIRoom.open { room async throws in
            _ = try await room.addTemplate()
            struct Claim: Decodable, Equatable { let workspace_id: String, claim_id: ClaimID, `repeat`: Bool }
            let body = #"{"template": "go-dev", "name": "dev"}"#
            let first = try await room.ask(.post, "/claims", as: "ada", body: body, headers: ["Idempotency-Key": "k"])
            let again = try await room.ask(.post, "/claims", as: "ada", body: body, headers: ["Idempotency-Key": "k"])
            let (one, two) = (try first.decoded(Claim.self), try again.decoded(Claim.self))
            #expect(one.workspace_id == two.workspace_id && !one.repeat && two.repeat)
            #expect(TestTracer.spans("claim", "stoker.workspace.id", one.workspace_id).count == 2)
            let other = try await room.ask(
                .post,
                "/claims",
                as: "ada",
                body: #"{"template": "go-dev", "name": "other"}"#,
                headers: ["Idempotency-Key": "k"]
            )
            #expect(other.problem == "conflict")
            let empty = try await room.ask(.post, "/claims", as: "ada", body: body, headers: ["Idempotency-Key": ""])
            #expect(empty.problem == "wrong-type")
            let shown = try await room.ask(.get, "/claims/\(one.claim_id)", as: "ada")
            #expect(try shown.decoded(Claim.self) == one)
            #expect(try await room.ask(.get, "/claims/\(one.claim_id)", as: "bob").problem == "not-found")
        }
    }
}
