// SPDX-License-Identifier: Apache-2.0

import CurlClient
import FoundationEssentials
import HTTPTypes
import Operations
import PostgresClient
import Server
import Store
import TestSupport
import Testing

/// Each mistake has its own type and status, and changes nothing.
@Suite(.timeLimit(.minutes(1)))
struct APIProblemTests {
    /// A request that is wrong in one way.
    struct Mistake: CustomTestStringConvertible {
        var method = HTTPRequest.Method.post
        var path = "/claims"
        var body: String?
        var headers: [String: String] = [:]
        let status: Int
        let problem: String
        /// The member `field`, where the problem is about one.
        var field: String?

        var testDescription: String { "\(problem): \(method.rawValue) \(path) \(body ?? "")" }
    }

    static let mistakes = [
        Mistake(body: "{", status: 400, problem: "malformed-body"),
        Mistake(body: "[]", status: 400, problem: "malformed-body"),
        Mistake(body: "{\"name\": \"x", status: 400, problem: "malformed-body"),
        Mistake(
            body: #"{"template": "go-dev", "name": "a", "nmae": "b"}"#,
            status: 400,
            problem: "unknown-field",
            field: "nmae"
        ),
        Mistake(method: .get, path: "/jobs?sttus=failed", status: 400, problem: "unknown-field", field: "sttus"),
        Mistake(body: #"{"template": "go-dev"}"#, status: 400, problem: "missing-field", field: "name"),
        Mistake(body: #"{"template": 3, "name": "a"}"#, status: 400, problem: "wrong-type", field: "template"),
        Mistake(
            body: #"{"template": "go-dev", "name": "a", "parameters": {"x": 1}}"#,
            status: 400,
            problem: "wrong-type",
            field: "parameters"
        ),
        Mistake(
            body: #"{"template": "go-dev", "name": "a\u0000b"}"#,
            status: 422,
            problem: "invalid",
            field: "name"
        ),
        Mistake(method: .get, path: "/jobs?limit=0", status: 400, problem: "wrong-type", field: "limit"),
        Mistake(method: .get, path: "/jobs?limit=1&limit=2", status: 400, problem: "wrong-type", field: "limit"),
        Mistake(method: .get, path: "/jobs?status=odd", status: 400, problem: "wrong-type", field: "status"),
        Mistake(method: .get, path: "/plan?at=yesterday", status: 400, problem: "wrong-type", field: "at"),
        Mistake(method: .get, path: "/jobs/7", status: 400, problem: "wrong-type", field: "job"),
        Mistake(method: .get, path: "/jobs?cursor=nonsense", status: 422, problem: "invalid"),
        Mistake(
            body: "name: a",
            headers: ["Content-Type": "application/yaml"],
            status: 415,
            problem: "unsupported-media-type"
        ),
        Mistake(body: String(repeating: " ", count: 70_000) + "{}", status: 413, problem: "body-too-large"),
        Mistake(
            path: "/templates",
            body: String(repeating: "x", count: 32 << 20 | 1),
            headers: ["Content-Type": "application/x-tar"],
            status: 413,
            problem: "body-too-large"
        ),
        Mistake(
            path: "/reconcile",
            body: #"{"at": "2027-06-02T03:00:00Z"}"#,
            status: 400,
            problem: "unknown-field",
            field: "at"
        ),
        Mistake(path: "/reconcile?at=2027-06-02T03:00:00Z", status: 400, problem: "unknown-field", field: "at"),
        Mistake(method: .delete, path: "/workspaces/taken?force=1", status: 400, problem: "wrong-type", field: "force"),
        Mistake(method: .delete, path: "/plan", status: 405, problem: "method-not-allowed"),
        Mistake(body: #"{"template": "none", "name": "a", "owner": "ada"}"#, status: 404, problem: "not-found"),
        Mistake(body: #"{"template": "gone", "name": "a", "owner": "ada"}"#, status: 410, problem: "template-deleted"),
        Mistake(body: #"{"template": "go-dev", "name": "taken", "owner": "ada"}"#, status: 409, problem: "name-taken"),
        Mistake(path: "/templates/gone/promote", body: #"{"version": "v1"}"#, status: 404, problem: "not-found"),
        Mistake(
            path: "/templates/go-dev/deprecate",
            body: #"{"message": "x", "undo": true}"#,
            status: 422,
            problem: "invalid"
        ),
        Mistake(method: .delete, path: "/templates/go-dev", status: 409, problem: "conflict"),
        Mistake(path: "/webhooks", body: #"{"name": "a", "url": "ftp://x"}"#, status: 422, problem: "invalid"),
        Mistake(
            path: "/webhooks",
            body: #"{"name": "a", "url": "https://10.0.0.1/"}"#,
            status: 422,
            problem: "invalid"
        ),
        Mistake(
            path: "/webhooks",
            body: #"{"name": "a", "url": "https://example.com", "secret": "hunter2"}"#,
            status: 422,
            problem: "invalid"
        ),
        Mistake(
            path: "/webhooks",
            body: #"{"name": "hook", "url": "https://example.com"}"#,
            status: 409,
            problem: "name-taken"
        ),
        Mistake(
            path: "/webhooks",
            body: #"{"name": "a", "url": "https://example.com", "events": ["worker_los"]}"#,
            status: 400,
            problem: "wrong-type",
            field: "events"
        ),
        Mistake(path: "/webhooks/fixed/rotate-secret", status: 409, problem: "conflict"),
        Mistake(method: .delete, path: "/webhooks/fixed", status: 409, problem: "conflict"),
        Mistake(path: "/webhooks/none/enable", status: 404, problem: "not-found"),
        Mistake(path: "/deliveries/replay", body: "{}", status: 422, problem: "invalid"),
        Mistake(method: .get, path: "/workspaces/none", status: 404, problem: "not-found"),
        Mistake(method: .get, path: "/nope", status: 404, problem: "not-found"),
        Mistake(body: #"{"template": "go-dev", "name": "-", "owner": "ada"}"#, status: 422, problem: "invalid"),
        Mistake(path: "/users", body: #"{"name": "ADA"}"#, status: 409, problem: "name-taken"),
        Mistake(
            path: "/users",
            body: #"{"name": "zoe", "roles": ["king"]}"#,
            status: 400,
            problem: "wrong-type",
            field: "roles"
        ),
        Mistake(
            path: "/templates",
            body: "this is no archive",
            headers: ["Content-Type": "application/x-tar"],
            status: 422,
            problem: "template-invalid"
        ),
        Mistake(path: "/templates", status: 400, problem: "missing-field", field: "archive"),
        Mistake(
            method: .get,
            path: "/schedule/explain?cron=1%20*%20*%20*%20*",
            status: 422,
            problem: "invalid"
        ),
    ]

    @Test(.database(.currentSchema)) func `each mistake is a problem of its own kind`() async throws {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            _ = try await room.addWorkspace("taken", owner: "ada", of: preset)
            _ = try await room.addTemplate("gone")
            try await room.sql("UPDATE templates SET deleted = true WHERE name = 'gone'")
            try await room.sql(
                """
                INSERT INTO webhook_endpoints (name, url, source)
                VALUES ('hook', 'https://example.com', 'command'), ('fixed', 'https://example.com', 'configuration')
                """
            )
            let before = try await Self.counts(room)
            for mistake in Self.mistakes {
                let reply = try await room.ask(
                    mistake.method,
                    mistake.path,
                    body: mistake.body,
                    headers: mistake.headers
                )
                struct Problem: Decodable {
                    let type: String, title: String, status: Int, detail: String, field: String?
                }
                let problem = try reply.decoded(Problem.self)
                #expect(reply.status == mistake.status, "\(mistake.testDescription): \(reply.body)")
                #expect(problem.status == mistake.status)
                #expect(problem.type == "urn:stoker:problem:\(mistake.problem)", "\(mistake.testDescription)")
                #expect(problem.field == mistake.field, "\(mistake.testDescription)")
                #expect(reply.headers["content-type"] == "application/problem+json")
                #expect(!problem.title.isEmpty && !problem.detail.isEmpty)
            }
            #expect(try await Self.counts(room) == before)
        }
    }

    @Test(.database(.currentSchema)) func `a path may escape what needs no escape`() async throws {
        try await APIRoom.open { room async throws in
            #expect(try await room.ask(.get, "/%77ork%65rs").status == 200)
            #expect(try await room.ask(.get, "/work%2Fers").status == 404)
        }
    }

    private static func counts(_ room: APIRoom) async throws -> [Int] {
        let rows = try await room.sql(
            """
            SELECT ARRAY[(SELECT count(*) FROM workspaces), (SELECT count(*) FROM provisioner_jobs),
                (SELECT count(*) FROM users), (SELECT count(*) FROM files), (SELECT count(*) FROM webhook_endpoints),
                (SELECT count(*) FROM templates WHERE deleted OR deprecated <> '')]
            """
        )
        return try #require(rows.first).decode([Int].self)
    }

    @Test(.database(.currentSchema)) func `bad tokens are told from expired ones, and how to send one is told`()
        async throws
    {
        try await APIRoom.open { room async throws in
            let expired = TokenSecret.random()
            _ = try await room.store.addToken(
                "old",
                for: "ada",
                hash: expired.hash,
                scopes: [],
                validFor: .seconds(-1)
            )
            let replies = [
                try await room.ask(.get, "/templates", as: nil),
                try await room.ask(.get, "/templates", as: nil, headers: ["Authorization": "Basic YWRhOmFkYQ=="]),
                try await room.ask(.get, "/templates", as: "stoker_nonsense"),
                try await room.ask(.get, "/templates", as: expired.text),
            ]
            #expect(replies.map(\.status) == [401, 401, 401, 401])
            #expect(
                replies.map(\.problem) == ["unauthenticated", "unauthenticated", "unauthenticated", "token-expired"]
            )
            #expect(replies.allSatisfy { $0.headers["www-authenticate"] == "Bearer realm=\"stoker\"" })
            try await room.sql("UPDATE users SET status = 'suspended' WHERE username = 'ada'")
            #expect(try await room.ask(.get, "/templates", as: "ada").problem == "unauthenticated")
        }
    }

    @Test(.database(.currentSchema)) func `what is asked too often is told when to go on`() async throws {
        try await APIRoom.open(rate: 1) { room async throws in
            // How many go through depends on how long they take; that they do not all, does not.
            func refused(_ ask: (Int) async throws -> APIRoom.Reply) async throws -> APIRoom.Reply? {
                for number in 0..<100 {
                    let reply = try await ask(number)
                    if reply.status == 429 { return reply }
                }
                return nil
            }
            let first = try await room.ask(.get, "/templates", as: "ada")
            #expect(first.status == 200)
            let hasty = try await refused { _ in try await room.ask(.get, "/templates", as: "ada") }
            #expect(hasty?.problem == "too-many-requests")
            #expect(hasty?.headers["retry-after"] == "1")
            // Guessing empties the address's bucket: not even a lookup is made any more.
            let guess = try await refused { try await room.ask(.get, "/templates", as: "guess\($0)") }
            #expect(guess?.problem == "too-many-requests")
        }
    }

    @Test(.database(.currentSchema)) func `a token of the process alone is valid there, within its scopes`()
        async throws
    {
        let secret = TokenSecret.random()
        let caller = Caller(name: "this machine", userID: nil, role: .owner, scopes: .reading)
        try await APIRoom.open(own: (secret, caller)) { room async throws in
            #expect(try await room.ask(.get, "/status", as: secret.text).status == 200)
            #expect(try await room.ask(.post, "/reconcile", as: secret.text).problem == "insufficient-scope")
            #expect(try await room.ask(.get, "/status", as: secret.text + "x").problem == "unauthenticated")
        }
    }

    @Test func `without a database it is said that it is gone, and when to ask again`() async throws {
        let pool = PostgresPool(PostgresConfiguration("postgresql://127.0.0.1:1/none"), size: 1, logger: .silent)
        let store = Store(pool: pool)
        let context = try APIRoom.context(store, "postgresql://127.0.0.1:1/none")
        let api = APIRoutes(
            context: context,
            authenticator: Authenticator(store: store),
            limiter: RateLimiter(rate: 0)
        )
        let agents = AgentRoutes(
            store: store,
            hub: ReinitHub(store: store, logger: .silent),
            admission: AgentAdmission(store: store, rate: 0)
        )
        let token = ["--header", "Authorization: Bearer stoker_x"]
        try await withServer(routes: [agents], api: api) { address async throws in
            for path in ["/templates", "/agents/me/reinit"] {
                let answer = try await ask(address, "/api/v1\(path)", token + ["--include"])
                #expect(answer.status == 503, "\(path)")
                #expect(answer.body.contains { $0.lowercased().hasPrefix("retry-after: 5") }, "\(answer.body)")
                #expect(answer.body.last?.contains("urn:stoker:problem:unavailable") == true)
            }
        }
        await pool.close()
    }
}
