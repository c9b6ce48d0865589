// SPDX-License-Identifier: Apache-2.0

import CurlClient
import Domain
import HTTPTypes
import Operations
import Server
import Store
import TestSupport
import Testing

/// Nobody reads or changes what is not theirs.
@Suite(.timeLimit(.minutes(1)))
struct RoleTests {
    /// A request that every route's fields would refuse, should it come that far: nothing is changed by asking.
    private static func path(_ route: Route) -> String {
        route.path.replacing("{job}", with: "\(JobID.random())").replacing("{token}", with: "\(TokenID.random())")
            .replacing("{claim}", with: "\(ClaimID.random())")
            .split(separator: "/").map { $0.hasPrefix("{") ? "nothing" : $0 }.map { "/\($0)" }.joined()
            + "?nonsense=1"
    }

    @Test(.database(.currentSchema)) func `every route admits whom its role admits, and nobody else`() async throws {
        let ranks: [Role] = [.member, .templateAdmin, .owner]
        let people = ["ada": Role.member, "tess": .templateAdmin, "oona": .owner]
        try await APIRoom.open { room async throws in
            for (name, route) in OperationTable.routes {
                guard case .users(let least, _) = route.access else { continue }
                let (method, path) = (route.method, Self.path(route))
                let nobody = try await room.ask(method, path, as: nil)
                #expect(nobody.problem == "unauthenticated", "\(name) without a token")
                for (person, role) in people {
                    let reply = try await room.ask(method, path, as: person)
                    let isEnough = ranks.firstIndex(of: role) ?? 0 >= ranks.firstIndex(of: least) ?? 3
                    #expect(reply.problem == (isEnough ? "unknown-field" : "forbidden"), "\(name) as \(person)")
                }
            }
        }
    }

    @Test(.database(.currentSchema)) func `scopes narrow a role on every route`() async throws {
        try await APIRoom.open { room async throws in
            var reading: [Resource: String] = [:]
            for resource in Resource.allCases {
                let secret = TokenSecret.random()
                let scopes = ["\(resource):read"]
                _ = try await room.store.addToken(
                    "\(resource)",
                    for: "oona",
                    hash: secret.hash,
                    scopes: scopes,
                    validFor: nil
                )
                reading[resource] = secret.text
            }
            for (name, route) in OperationTable.routes {
                guard case .users(_, let needed) = route.access else { continue }
                let (method, path) = (route.method, Self.path(route))
                for (resource, token) in reading {
                    let reply = try await room.ask(method, path, as: token)
                    let isWithin = resource == needed && route.isRead
                    #expect(
                        reply.problem == (isWithin ? "unknown-field" : "insufficient-scope"),
                        "\(name) with \(resource):read"
                    )
                }
            }
        }
    }

    @Test(.database(.currentSchema)) func `what is somebody else's does not exist`() async throws {
        try await APIRoom.open { room async throws in
            let preset = try await room.addTemplate()
            let hers = try await room.addWorkspace("hers", owner: "ada", of: preset)
            let pool = try await room.addWorkspace("ready", owner: "prebuilds", of: preset)

            func names(_ person: String) async throws -> [String] {
                struct Named: Decodable { let name: String }
                return try await room.ask(.get, "/workspaces", as: person).decoded([Named].self).map(\.name).sorted()
            }
            #expect(try await names("ada") == ["hers"])
            #expect(try await names("bob") == [])
            #expect(try await names("tess") == ["ready"])
            #expect(try await names("oona") == ["hers", "ready"])

            func jobs(_ person: String) async throws -> Set<JobID> {
                struct Job: Decodable { let id: JobID }
                return Set(try await room.ask(.get, "/jobs", as: person).decoded([Job].self).map(\.id))
            }
            #expect(try await jobs("ada") == [hers])
            #expect(try await jobs("bob") == [])
            #expect(try await jobs("tess") == [pool])
            #expect(try await jobs("oona") == [hers, pool])

            for person in ["bob", "tess"] {
                for path in ["/jobs/\(hers)", "/jobs/\(hers)/logs", "/jobs/\(hers)/logs/stream"] {
                    let reply = try await room.ask(.get, path, as: person)
                    let missing = try await room.ask(
                        .get,
                        path.replacing("\(hers)", with: "\(prebuildsUserID)"),
                        as: person
                    )
                    #expect(reply.status == 404, "\(person) \(path)")
                    // Word for word what is said of one that never was.
                    #expect(reply.body == missing.body.replacing("\(prebuildsUserID)", with: "\(hers)"))
                }
                let hidden = try await room.ask(.get, "/workspaces/hers", as: person)
                let missing = try await room.ask(.get, "/workspaces/none", as: person)
                #expect(hidden.status == 404)
                #expect(hidden.body == missing.body.replacing("none", with: "hers"))
                #expect(try await room.ask(.delete, "/workspaces/hers", as: person).problem == "not-found")
                #expect(try await room.ask(.delete, "/workspaces/hers?owner=ada", as: person).problem == "not-found")
            }
            #expect(try await room.ask(.get, "/jobs/\(hers)/logs/stream", as: "ada").body.contains("\"made\""))
            for person in ["ada", "oona"] {
                #expect(try await room.ask(.get, "/workspaces/hers", as: person).status == 200)
            }
            #expect(try await room.ask(.delete, "/workspaces/hers", as: "ada").status == 202)
        }
    }

    @Test(.database(.currentSchema)) func `a member claims and makes tokens for nobody else`() async throws {
        try await APIRoom.open { room async throws in
            _ = try await room.addTemplate()
            let body = #"{"template": "go-dev", "name": "dev", "owner": "ada"}"#
            #expect(try await room.ask(.post, "/claims", as: "bob", body: body).problem == "forbidden")
            #expect(try await room.ask(.post, "/claims", as: "tess", body: body).problem == "forbidden")
            #expect(try await room.ask(.post, "/claims", as: "ada", body: body).status == 201)
            #expect(
                try await room.ask(.post, "/tokens", as: "bob", body: #"{"name": "x", "user": "oona"}"#).problem
                    == "forbidden"
            )
            struct Token: Decodable { let id: TokenID, username: String }
            let listed = try await room.ask(.get, "/tokens", as: "bob").decoded([Token].self)
            #expect(listed.map(\.username) == ["bob"])
            let other = try await room.ask(.get, "/tokens", as: "oona").decoded([Token].self)
            let hers = try #require(other.first { $0.username == "ada" })
            #expect(try await room.ask(.delete, "/tokens/\(hers.id)", as: "bob").problem == "not-found")
            #expect(try await room.ask(.get, "/templates", as: "ada").status == 200)
            #expect(try await room.ask(.delete, "/tokens/\(hers.id)", as: "ada").status == 204)
            #expect(try await room.ask(.get, "/templates", as: "ada").problem == "unauthenticated")
        }
    }

    @Test(.database(.currentSchema)) func `a token makes no token that may do more`() async throws {
        try await APIRoom.open { room async throws in
            struct New: Decodable { let token: String }
            let body = #"{"name": "narrow", "scopes": ["tokens", "jobs:read"]}"#
            let narrow = try await room.ask(.post, "/tokens", as: "oona", body: body).decoded(New.self).token
            for scopes in [#"["all"]"#, #"["jobs"]"#, "[]", #"["read"]"#] {
                let wider = try await room.ask(
                    .post,
                    "/tokens",
                    as: narrow,
                    body: #"{"name": "wide", "user": "oona", "scopes": \#(scopes)}"#
                )
                #expect(wider.problem == "forbidden", "\(scopes)")
            }
            let same = try await room.ask(
                .post,
                "/tokens",
                as: narrow,
                body: #"{"name": "same", "user": "oona", "scopes": ["jobs:read"]}"#
            )
            #expect(same.status == 201)
        }
    }
}
